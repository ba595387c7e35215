#include "auth/negotiate.hpp"

namespace watari::auth {

namespace {

class Offering final : public ServerScheme
{
public:
    explicit Offering(std::vector<std::unique_ptr<ServerScheme>> schemes)
        : schemes_(std::move(schemes))
    {
    }

    /// Each scheme knows its own header and refuses every other.
    Verdict check(std::optional<std::string_view> authorization) override
    {
        current_ = nullptr;
        Verdict refusal;
        for (const auto& scheme : schemes_) {
            Verdict verdict = scheme->check(authorization);
            if (verdict.admitted || verdict.continues) {
                current_ = scheme.get();
                return verdict;
            }
            refusal.challenges.insert(refusal.challenges.end(),
                                      std::make_move_iterator(verdict.challenges.begin()),
                                      std::make_move_iterator(verdict.challenges.end()));
        }
        return refusal;
    }

    void unseal(Body& body) override
    {
        if (current_ != nullptr) {
            current_->unseal(body);
        }
    }

    void seal(Body& body) override
    {
        if (current_ != nullptr) {
            current_->seal(body);
        }
    }

private:
    std::vector<std::unique_ptr<ServerScheme>> schemes_;
    ServerScheme* current_ = nullptr; ///< of schemes_: who admitted the last request
};

} // namespace

MakeServerScheme offering(std::vector<MakeServerScheme> schemes)
{
    return [schemes =
                std::move(schemes)](const Connection& connection) -> std::unique_ptr<ServerScheme> {
        std::vector<std::unique_ptr<ServerScheme>> made;
        made.reserve(schemes.size());
        for (const MakeServerScheme& make : schemes) {
            made.push_back(make(connection));
        }
        return std::make_unique<Offering>(std::move(made));
    };
}

} // namespace watari::auth
