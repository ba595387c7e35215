#include "programs/watari/private_file.hpp"

#include "core/error.hpp"
#include "messages/cli.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace watari::cli {

namespace {

[[noreturn]] void fail(const std::string& path)
{
    const std::error_code why{errno, std::generic_category()};
    throw Error{ErrorKind::invalid,
                message::cli_file_unwritable{.path = path, .why = why.message()}};
}

class File
{
public:
    explicit File(const std::string& path)
        : number_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR))
    {
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File()
    {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    int number() const noexcept { return number_; }

private:
    int number_;
};

} // namespace

void write_private_file(const std::string& path, std::string_view text)
{
    const File file{path};
    // One that was there before may be open to others.
    if (file.number() < 0 || ::fchmod(file.number(), S_IRUSR | S_IWUSR) != 0) {
        fail(path);
    }
    while (!text.empty()) {
        const auto written = ::write(file.number(), text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            fail(path);
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

} // namespace watari::cli
