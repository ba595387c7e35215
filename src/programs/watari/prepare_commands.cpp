#include "messages/cli_help.hpp"
#include "messages/prepare.hpp"
#include "programs/watari/first_contact.hpp"
#include "programs/watari/prepare_script.hpp"
#include "programs/watari/private_file.hpp"

#include <memory>

// host prepare: the script that lets Watari in.

namespace watari::cli {

namespace {

struct Order {
    std::string generation;
    bool workgroup = false;
    bool domain = false;
    bool https = false;
    bool undo = false;
    std::vector<std::string> from;
    std::string account;
    std::string storage = "D:\\Watari";
    std::string share;
    std::string file;
};

/// Windows PowerShell takes a file without this mark for one of the system's old code page.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string as_windows_has_files(const std::string& script)
{
    std::string text{byte_order_mark};
    for (const char c : script) {
        if (c == '\n') {
            text += '\r';
        }
        text += c;
    }
    return text;
}

Task<client::ExitCode> prepare(Session& session, Order order)
{
    if (order.workgroup == order.domain) {
        throw Error{ErrorKind::invalid, message::prepare_one_membership{}};
    }
    Preparation wanted{.generation = generation_from(order.generation).value_or(Generation{}),
                       .is_domain = order.domain,
                       .https = order.https,
                       .from = order.from,
                       .storage = order.storage,
                       .share = order.share};
    if (!order.account.empty()) {
        wanted.account = order.account;
    }
    const std::string script = prepare_script(wanted, order.undo, session.options.language);
    if (order.file.empty()) {
        session.out(script);
    } else {
        write_private_file(order.file, as_windows_has_files(script));
        session.note(message::prepare_written{.path = order.file});
    }
    co_return client::ExitCode::ok;
}

std::vector<std::string> generation_names()
{
    std::vector<std::string> names;
    names.reserve(all_generations.size());
    for (const Generation generation : all_generations) {
        names.emplace_back(to_string(generation));
    }
    return names;
}

} // namespace

void add_prepare(Noun& noun)
{
    const auto order = std::make_shared<Order>();
    noun.verb("prepare", message::help_host_prepare{})
        .needs_one_of("--generation", order->generation, generation_names(),
                      message::help_prepare_generation{})
        .flag("--workgroup", order->workgroup, message::help_prepare_workgroup{})
        .flag("--domain", order->domain, message::help_prepare_domain{})
        .needs("--from", order->from, message::help_prepare_from{})
        .option("--account", order->account, message::help_prepare_account{})
        .flag("--https", order->https, message::help_prepare_https{})
        .option("--storage", order->storage, message::help_prepare_storage{})
        .option("--share", order->share, message::help_prepare_share{})
        .flag("--undo", order->undo, message::help_prepare_undo{})
        .option("--file", order->file, message::help_prepare_file{})
        .does_directly([order](Session& session) { return prepare(session, *order); });
}

} // namespace watari::cli
