#include "programs/watari/wmi_commands.hpp"

#include "messages/cli_help.hpp"

namespace watari::cli {

namespace {

Verb host_verb(Noun& noun, const char* name, const Message& text, WmiFlags& flags, bool traced)
{
    flags.traced = traced;
    Verb verb = noun.verb(name, text);
    add_direct_options(verb, flags.direct);
    return verb;
}

Verb namespace_verb(Noun& noun, const char* name, const Message& text, WmiFlags& flags, bool traced)
{
    Verb verb = host_verb(noun, name, text, flags, traced);
    verb.option("-n,--namespace", flags.ns, message::help_wmi_namespace{});
    return verb;
}

using Ask = Task<client::ExitCode> (*)(Session&, WmiQuestion);

void answer(Verb& verb, const std::shared_ptr<WmiQuestion>& question, Ask ask)
{
    verb.does_directly([question, ask](Session& session) { return ask(session, *question); });
}

void add_questions(Noun& noun, bool traced)
{
    const auto identify = std::make_shared<WmiQuestion>();
    auto verb = host_verb(noun, "identify", message::help_wmi_identify{}, identify->flags, traced);
    answer(verb, identify, wmi_identify);

    const auto classes = std::make_shared<WmiQuestion>();
    verb = namespace_verb(noun, "classes", message::help_wmi_classes{}, classes->flags, traced);
    verb.option("--like", classes->about, message::help_wmi_like{});
    answer(verb, classes, wmi_classes);

    const auto one = std::make_shared<WmiQuestion>();
    verb = namespace_verb(noun, "class", message::help_wmi_class{}, one->flags, traced);
    verb.needs("CLASS", one->about, message::help_wmi_class_name{})
        .flag("--descriptions", one->descriptions, message::help_wmi_descriptions{});
    answer(verb, one, wmi_class);

    const auto query = std::make_shared<WmiQuestion>();
    verb = namespace_verb(noun, "query", message::help_wmi_query{}, query->flags, traced);
    verb.needs("WQL", query->about, message::help_wmi_wql{});
    answer(verb, query, wmi_query);

    const auto get = std::make_shared<WmiQuestion>();
    verb = namespace_verb(noun, "get", message::help_wmi_get{}, get->flags, traced);
    verb.needs("PATH", get->about, message::help_wmi_path{});
    answer(verb, get, wmi_get);
}

void add_invoke(Noun& noun, bool traced)
{
    const auto call = std::make_shared<WmiCall>();
    namespace_verb(noun, "invoke", message::help_wmi_invoke{}, call->flags, traced)
        .needs("PATH", call->path, message::help_wmi_path{})
        .needs("METHOD", call->method, message::help_wmi_method{})
        .list("--arg", call->arguments, message::help_wmi_argument{})
        .flag("--yes", call->yes, message::help_wmi_yes{})
        .does_directly([call](Session& session) { return wmi_invoke(session, *call); });
}

void add_dump(Noun& noun, bool traced)
{
    const auto dump = std::make_shared<WmiDump>();
    host_verb(noun, "dump", message::help_wmi_dump{}, dump->flags, traced)
        .needs("DIR", dump->folder, message::help_wmi_dump_folder{})
        .list("-n,--namespace", dump->namespaces, message::help_wmi_dump_namespaces{})
        .list("--class", dump->classes, message::help_wmi_dump_classes{})
        .does_directly([dump](Session& session) { return wmi_dump(session, *dump); });
}

void add_verbs(Noun& noun, bool traced)
{
    add_questions(noun, traced);
    add_invoke(noun, traced);
    add_dump(noun, traced);
}

} // namespace

void add_wmi_commands(Menu menu)
{
    auto noun = menu.noun("wmi", message::help_wmi{});
    add_verbs(noun, false);
    auto trace = noun.noun("trace", message::help_wmi_trace{});
    add_verbs(trace, true);
}

} // namespace watari::cli
