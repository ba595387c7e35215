#include "cim/mof.hpp"
#include "cim/wql.hpp"
#include "client/table.hpp"
#include "messages/cli.hpp"
#include "programs/watari/wmi_commands.hpp"
#include "programs/watari/wmi_print.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace watari::cli {

namespace {

using client::ExitCode;

/// The properties a query names; none: all of them.
std::vector<std::string> columns_of(const std::string& wql)
{
    try {
        const cim::wql::Query query = cim::wql::parse(wql);
        const auto* select = std::get_if<cim::wql::Select>(&query);
        return select != nullptr ? select->properties : std::vector<std::string>{};
    } catch (const Error&) {
        return {}; // the host judges queries
    }
}

/// LIKE of WQL over names; an empty pattern takes all.
class Pattern
{
public:
    explicit Pattern(const std::string& pattern)
    {
        if (!pattern.empty()) {
            auto query =
                cim::wql::parse("select * from x where Name like " + cim::wql::literal(pattern));
            select_ = std::get<cim::wql::Select>(std::move(query));
        }
    }

    bool takes(const std::string& name) const
    {
        cim::Instance named{"x"};
        named.set("Name", cim::Type::string, name);
        return !select_ || cim::wql::matches(*select_, named);
    }

private:
    std::optional<cim::wql::Select> select_;
};

} // namespace

cim::ObjectPath path_from(const std::string& text)
{
    auto path = cim::ObjectPath::parse(text);
    if (!path || path->class_name().empty()) {
        throw Error{ErrorKind::invalid, message::cli_wmi_bad_path{.path = text}};
    }
    return std::move(*path);
}

Task<ExitCode> wmi_identify(Session& session, WmiQuestion question)
{
    WmiHost host{session, question.flags};
    const wsman::Identity identity = co_await host.wsman().identify(host.soon());
    if (session.options.json) {
        session.out(boost::json::serialize(
                        boost::json::object{{"vendor", identity.vendor},
                                            {"product_version", identity.product_version},
                                            {"os_version", identity.os_version},
                                            {"stack", identity.stack},
                                            {"protocol", identity.protocol}}) +
                    "\n");
        co_return ExitCode::ok;
    }
    client::Table table{{{.title = ""}, {.title = ""}}};
    const auto add = [&](const Message& title, const std::string& value) {
        table.add({{render(title, session.options.language)}, {value.empty() ? "-" : value}});
    };
    add(message::cli_wmi_vendor{}, identity.vendor);
    add(message::cli_wmi_product{}, identity.product_version);
    add(message::cli_wmi_os{}, identity.os_version);
    add(message::cli_wmi_stack{}, identity.stack);
    add(message::cli_wmi_protocol{}, identity.protocol);
    session.out(table.text(session.style().colours));
    co_return ExitCode::ok;
}

Task<ExitCode> wmi_classes(Session& session, WmiQuestion question)
{
    const Pattern pattern{question.about};
    WmiHost host{session, question.flags};
    const std::string ns = co_await host.ns();
    std::vector<std::pair<std::string, std::string>> found;
    const wsman::TakeClasses take = [&](const std::vector<wsman::SharedClass>& classes) {
        for (const auto& one : classes) {
            if (pattern.takes(one->name)) {
                found.emplace_back(one->name, one->superclass);
            }
        }
        return true;
    };
    co_await host.each_class(ns, take, {.qualifiers = false, .inherited = false});
    if (session.options.json) {
        boost::json::array list;
        for (const auto& [name, superclass] : found) {
            list.push_back(boost::json::object{{"name", name}, {"superclass", superclass}});
        }
        session.out(boost::json::serialize(list) + "\n");
        co_return ExitCode::ok;
    }
    const auto title = [&](const Message& message) {
        return client::Column{.title = render(message, session.options.language)};
    };
    client::Table table{{title(message::cli_col_class{}), title(message::cli_col_superclass{})}};
    for (const auto& [name, superclass] : found) {
        table.add({{name}, {superclass}});
    }
    session.out(table.text(session.style().colours));
    co_return ExitCode::ok;
}

Task<ExitCode> wmi_class(Session& session, WmiQuestion question)
{
    WmiHost host{session, question.flags};
    const auto declaration = co_await host.declaration(co_await host.ns(), question.about);
    session.out(session.options.json
                    ? boost::json::serialize(json_of(*declaration)) + "\n"
                    : cim::to_mof(*declaration, {.with_descriptions = question.descriptions}));
    co_return ExitCode::ok;
}

Task<ExitCode> wmi_query(Session& session, WmiQuestion question)
{
    WmiHost host{session, question.flags};
    const std::string ns = co_await host.ns();
    InstancePrinter printer{session, columns_of(question.about)};
    const auto take = [&printer](const std::vector<cim::Instance>& batch) {
        printer.print(batch);
        return true;
    };
    co_await host.wsman().stream(ns, question.about, take, Deadline::never());
    printer.end();
    co_return ExitCode::ok;
}

Task<ExitCode> wmi_get(Session& session, WmiQuestion question)
{
    auto path = path_from(question.about);
    WmiHost host{session, question.flags};
    if (path.ns().empty()) {
        path = path.with_ns(co_await host.ns());
    }
    const cim::Instance instance = co_await host.wsman().get(path, host.soon());
    session.out(session.options.json ? boost::json::serialize(json_of(instance)) + "\n"
                                     : block_of(instance, session.style()));
    co_return ExitCode::ok;
}

} // namespace watari::cli
