#include "cim/dump.hpp"
#include "messages/cli.hpp"
#include "programs/watari/wmi_commands.hpp"

#include <algorithm>

namespace watari::cli {

namespace {

using client::ExitCode;

/// One dump under way.
class Dumping
{
public:
    Dumping(Session& session, WmiHost& host, const WmiDump& order)
        : session_(session), host_(host), order_(order), writer_(order.folder)
    {
    }

    Task<> add_namespace(std::string ns);
    void finish(const wsman::Identity& identity);
    std::size_t failed() const noexcept { return failed_; }

private:
    Task<> add_instances(const std::string& ns, const std::string& class_name);
    void add(const wsman::SharedClass& declaration);
    bool is_wanted(const cim::ClassDeclaration& declaration) const;

    Session& session_;
    WmiHost& host_;
    const WmiDump& order_;
    cim::DumpWriter writer_;
    std::shared_ptr<cim::DeclaredTypes> types_;
    std::vector<std::string> names_; ///< of classes that may have instances
    std::size_t failed_ = 0;
};

/// System classes and abstract ones have no instances of their own.
bool Dumping::is_wanted(const cim::ClassDeclaration& declaration) const
{
    const bool is_named =
        order_.classes.empty() || std::ranges::any_of(order_.classes, [&](const auto& name) {
            return cim::same_name(name, declaration.name);
        });
    return is_named && !declaration.is("Abstract") && !declaration.name.starts_with("__");
}

void Dumping::add(const wsman::SharedClass& declaration)
{
    writer_.add(*declaration);
    types_->add(declaration);
    if (is_wanted(*declaration)) {
        names_.push_back(declaration->name);
    }
}

/// Instances of derived classes come too; each is kept where its own class is read.
Task<> Dumping::add_instances(const std::string& ns, const std::string& class_name)
{
    writer_.begin_instances(class_name);
    const auto take = [&](const std::vector<cim::Instance>& batch) {
        for (const cim::Instance& instance : batch) {
            if (cim::same_name(instance.class_name(), class_name)) {
                writer_.add(instance);
            }
        }
        return true;
    };
    co_await host_.wsman().stream(ns, "select * from " + class_name, take, Deadline::never());
}

/// Whether a class that cannot be read is no reason to stop: its provider's trouble, not the
/// connection's.
bool concerns_one_class(const Error& error)
{
    switch (error.kind()) {
    case ErrorKind::invalid:
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::denied:
    case ErrorKind::unsupported:
    case ErrorKind::timed_out:
    case ErrorKind::internal:
        return !error.code().starts_with("dump_");
    case ErrorKind::unavailable:
        return error.peer().code.has_value();
    case ErrorKind::outcome_unknown:
    case ErrorKind::exhausted:
    case ErrorKind::unauthenticated:
    case ErrorKind::cancelled:
        return false;
    }
    return false;
}

Task<> Dumping::add_namespace(std::string ns)
{
    writer_.begin_namespace(ns);
    types_ = std::make_shared<cim::DeclaredTypes>();
    names_.clear();
    const wsman::TakeClasses take = [this](const std::vector<wsman::SharedClass>& classes) {
        std::ranges::for_each(classes, [this](const auto& one) { add(one); });
        return true;
    };
    co_await host_.each_class(ns, take, {});
    host_.use_types(ns, types_);
    for (const std::string& name : names_) {
        try {
            co_await add_instances(ns, name);
        } catch (const Error& error) {
            if (!concerns_one_class(error)) {
                throw;
            }
            ++failed_;
            session_.note(message::cli_wmi_class_not_dumped{
                .class_name = name, .why = client::text_of(error, session_.options.language)});
        }
    }
}

void Dumping::finish(const wsman::Identity& identity)
{
    writer_.finish({.product_vendor = identity.vendor,
                    .product_version = identity.product_version,
                    .protocol_version = identity.protocol});
    session_.note(message::cli_wmi_dumped{.classes = std::to_string(writer_.classes()),
                                          .folder = order_.folder,
                                          .instances = std::to_string(writer_.instances())});
}

} // namespace

Task<ExitCode> wmi_dump(Session& session, WmiDump dump)
{
    WmiHost host{session, dump.flags};
    const wsman::Identity identity = co_await host.wsman().identify(host.soon());
    if (dump.namespaces.empty()) {
        dump.namespaces.push_back(co_await host.ns());
    }
    Dumping dumping{session, host, dump};
    for (const std::string& ns : dump.namespaces) {
        co_await dumping.add_namespace(ns);
    }
    dumping.finish(identity);
    co_return dumping.failed() == 0 ? ExitCode::ok : ExitCode::failed;
}

} // namespace watari::cli
