#include "core/log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace {

/// Kills make the control plane complain; WATARI_TEST_LOG=1 shows it.
class Quiet final : public ::testing::Environment
{
public:
    void SetUp() override
    {
        if (std::getenv("WATARI_TEST_LOG") == nullptr) {
            watari::log::set_sink([](auto...) {});
        }
    }
};

const auto* const quiet = ::testing::AddGlobalTestEnvironment(new Quiet);

} // namespace
