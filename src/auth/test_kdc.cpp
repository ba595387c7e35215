#include "auth/test_kdc.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace watari::auth::testing_support {

namespace {

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket bound to a free port of loopback, and that port.
std::pair<int, int> bound()
{
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (file < 0 || bind(file, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"no free port on loopback"};
    }
    return {file, ntohs(address.sin_port)};
}

bool answers(int port)
{
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool connected =
        connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(file);
    return connected;
}

void run(const std::string& command)
{
    if (std::system(command.c_str()) != 0) {
        throw std::runtime_error{"failed (is the package krb5-kdc installed?): " + command};
    }
}

} // namespace

TestKdc::TestKdc()
{
    std::string name = std::filesystem::temp_directory_path() / "watari-kdc-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error{"no temporary folder"};
    }
    folder_ = name;
    const auto [free, port] = bound();
    close(free);
    port_ = port;
    int mute_port = 0;
    std::tie(mute_, mute_port) = bound();
    listen(mute_, 16);
    write_configuration(mute_port);
    setenv("KRB5_CONFIG", (folder_ + "/krb5.conf").c_str(), 1);
    setenv("KRB5_KDC_PROFILE", (folder_ + "/kdc.conf").c_str(), 1);
    setenv("KRB5RCACHENAME", ("file2:" + folder_ + "/replays").c_str(), 1);
    make_principals();
    start();
}

TestKdc::~TestKdc()
{
    if (process_ > 0) {
        kill(process_, SIGTERM);
        waitpid(process_, nullptr, 0);
    }
    end_mute();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void TestKdc::end_mute()
{
    if (mute_ >= 0) {
        close(std::exchange(mute_, -1));
    }
}

void TestKdc::write_configuration(int mute_port) const
{
    const std::string here = "127.0.0.1:" + std::to_string(port_);
    std::ofstream{folder_ + "/krb5.conf"}
        << "[libdefaults]\n default_realm = WATARI.TEST\n dns_lookup_kdc = false\n"
        << " dns_lookup_realm = false\n rdns = false\n udp_preference_limit = 1\n"
        << "[realms]\n WATARI.TEST = {\n  kdc = " << here << "\n }\n"
        << " DEAD.TEST = {\n  kdc = 127.0.0.1:1\n }\n"
        << " MUTE.TEST = {\n  kdc = 127.0.0.1:" << mute_port << "\n }\n";
    std::ofstream{folder_ + "/kdc.conf"}
        << "[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = " << here << "\n"
        << "[realms]\n WATARI.TEST = {\n  database_name = " << folder_ << "/principal\n"
        << "  key_stash_file = " << folder_ << "/stash\n"
        << "  acl_file = " << folder_ << "/acl\n }\n"
        << "[logging]\n kdc = FILE:" << folder_ << "/log\n";
}

void TestKdc::make_principals() const
{
    run("/usr/sbin/kdb5_util create -s -P master >/dev/null 2>&1");
    std::ofstream{folder_ + "/commands"}
        << "addprinc -pw secret +requires_preauth operator\n"
        << "addprinc -pw secret +requires_preauth -allow_tix disabled\n"
        << "addprinc -pw secret +requires_preauth +needchange expired\n"
        << "addprinc -randkey HTTP/win-host.watari.test\n"
        << "addprinc -randkey HTTP/other.watari.test\n"
        << "ktadd -k " << service_keytab() << " HTTP/win-host.watari.test\n"
        << "ktadd -norandkey -k " << user_keytab() << " operator\n";
    run("/usr/sbin/kadmin.local <" + folder_ + "/commands >" + folder_ + "/kadmin.log 2>&1");
}

void TestKdc::start()
{
    process_ = fork();
    if (process_ == 0) {
        const int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execl("/usr/sbin/krb5kdc", "krb5kdc", "-n", nullptr);
        _exit(127);
    }
    for (int tries = 0; !answers(port_); ++tries) {
        if (tries == 2000 || waitpid(process_, nullptr, WNOHANG) != 0) {
            process_ = -1;
            throw std::runtime_error{"the KDC does not start; see its log"};
        }
        usleep(5000);
    }
}

} // namespace watari::auth::testing_support
