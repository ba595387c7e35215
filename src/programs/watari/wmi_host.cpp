#include "programs/watari/wmi_host.hpp"

#include "client/text_width.hpp"
#include "messages/cli.hpp"
#include "messages/wsman.hpp"
#include "schema/catalogue.hpp"
#include "schema/declarations.hpp"
#include "xml/pretty.hpp"

#include <fmt/format.h>

namespace watari::cli {

namespace {

/// Each line made printable and marked: "> " is sent, "< " came.
std::string marked(std::string_view text, std::string_view mark)
{
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out += fmt::format("{} {}\n", mark, client::printable(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// Headers as they are, and the body as people read it.
std::string message_text(const std::string& text, std::string_view mark)
{
    const auto head = std::min(text.find("\n\n"), text.size());
    std::string out = marked(std::string_view{text}.substr(0, head), mark);
    if (head + 2 < text.size()) {
        out += fmt::format("{}\n", mark);
        out += marked(xml::pretty(std::string_view{text}.substr(head + 2)), mark);
    }
    return out;
}

} // namespace

WmiHost::WmiHost(Session& session, const WmiFlags& flags)
    : session_(session), ns_(flags.ns), timeout_(direct_timeout(flags.direct))
{
    auto address = direct_address(session, flags.direct);
    wsman::SessionOptions options{.operation_timeout = timeout_};
    options.types_of = [this](std::string_view ns) -> const cim::TypeSource& {
        if (const auto at = types_.find(cim::folded(ns)); at != types_.end()) {
            return *at->second;
        }
        const auto* catalogue = schema::Catalogue::any(ns);
        return catalogue != nullptr ? *catalogue : cim::untyped();
    };
    DirectHost::WrapGuard wrap;
    if (flags.traced) {
        trace_ = std::make_unique<hyperv::DoctorTrace>(session.clock,
                                                       std::vector<std::string>{address.password});
        wrap = [this](http::MakeConnectionGuard inner) { return trace_->listen(std::move(inner)); };
        options.on_request = [this](const wsman::RequestRecord&) { print_trace(); };
    }
    host_ = std::make_unique<DirectHost>(session, std::move(address), std::move(options), wrap);
}

WmiHost::~WmiHost()
{
    if (trace_) {
        print_trace();
    }
}

void WmiHost::print_trace()
{
    for (const hyperv::TracedExchange& exchange : trace_->take()) {
        session_.err(message_text(exchange.request, ">") + "\n");
        if (!exchange.answer.empty()) {
            session_.err(message_text(exchange.answer, "<") + "\n");
        }
    }
}

Deadline WmiHost::soon() const
{
    return Deadline::after(session_.clock, timeout_);
}

Task<std::string> WmiHost::ns()
{
    if (!ns_.empty()) {
        co_return ns_;
    }
    ns_ = schema::v2_namespace;
    try {
        const auto stop = [](const std::vector<cim::Instance>&) { return false; };
        co_await wsman().stream(
            ns_, "select CreationClassName from Msvm_VirtualSystemManagementService", stop, soon());
    } catch (const Error& error) {
        if (error.code() != Message(message::wmi_namespace_missing{}).code) {
            throw;
        }
        ns_ = schema::v1_namespace;
    }
    co_return ns_;
}

Task<wsman::SharedClass> WmiHost::declaration(std::string ns, std::string class_name)
{
    std::optional<Error> failure;
    try {
        co_return co_await wsman::get_class(wsman(), ns, class_name, soon());
    } catch (const Error& error) {
        failure = error;
    }
    const auto* catalogue = schema::Catalogue::any(ns);
    const auto* info = catalogue != nullptr ? catalogue->find(class_name) : nullptr;
    if (failure->code() != Message(message::wmi_no_class_metadata{}).code || info == nullptr) {
        throw Error{*failure};
    }
    session_.note(message::cli_wmi_documented_class{.class_name = info->name});
    co_return std::make_shared<const cim::ClassDeclaration>(schema::declaration_of(*info));
}

Task<> WmiHost::each_class(std::string ns, wsman::TakeClasses take, wsman::ClassDetail detail)
{
    std::optional<Error> failure;
    try {
        co_await wsman::enumerate_classes(wsman(), ns, take, Deadline::never(), detail);
        co_return;
    } catch (const Error& error) {
        failure = error;
    }
    const auto* documented = schema::Catalogue::of(Generation::ws2008r2sp1, ns);
    if (failure->code() != Message(message::wmi_no_class_metadata{}).code ||
        documented == nullptr) {
        throw Error{*failure};
    }
    session_.note(message::cli_wmi_documented_classes{.ns = ns});
    std::vector<wsman::SharedClass> classes;
    for (const schema::ClassInfo* info : documented->classes()) {
        classes.push_back(
            std::make_shared<const cim::ClassDeclaration>(schema::declaration_of(*info)));
    }
    take(std::move(classes));
}

void WmiHost::use_types(const std::string& ns, std::shared_ptr<const cim::DeclaredTypes> types)
{
    types_.insert_or_assign(cim::folded(ns), std::move(types));
}

} // namespace watari::cli
