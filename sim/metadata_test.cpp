#include "core/error.hpp"
#include "schema/catalogue.hpp"
#include "sim/test_served_host.hpp"
#include "wsman/client/metadata.hpp"
#include "wsman/client/subscription.hpp"

/// Class metadata, Create and Delete, and events, as both ends speak them: V47 to V49.
namespace watari::sim {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t action_not_supported = 2150858753;

class Metadata : public ServedHost
{
protected:
    void serve(Generation generation, std::uint64_t envelope = 512'000)
    {
        start_strict(generation);
        connect(ntlm());
        wsman_ = session(envelope);
    }

    Deadline soon() { return Deadline::after(clock, seconds{120}); }
    wsman::Session& wsman() { return *wsman_; }

    template <class T>
    std::string code_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
            return "";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
            return error.code();
        }
    }

    std::uint32_t fault_of(wsman::RequestBody body, std::string action,
                           const std::string& class_name = "Msvm_ComputerSystem")
    {
        wsman::Request request = TestHost::request(schema::v2_namespace, class_name, wsman::Get{});
        request.header.action = std::move(action);
        request.body = std::move(body);
        return TestHost::fault_code(ask(request));
    }

    std::unique_ptr<wsman::Session> wsman_;
};

TEST_F(Metadata, v49_of_a_class_is_what_the_schema_documents)
{
    serve(Generation::ws2012r2);
    const auto system =
        clock.run(wsman::get_class(wsman(), schema::v2_namespace, "msvm_computersystem", soon()));
    EXPECT_EQ(system->name, "Msvm_ComputerSystem");
    EXPECT_EQ(system->superclass, "CIM_ComputerSystem");
    EXPECT_EQ(system->keys(), (std::vector<std::string>{"CreationClassName", "Name"}));
    EXPECT_EQ(system->find_property("EnabledState")->type, cim::Type::uint16);
    EXPECT_TRUE(system->find_property("OperationalStatus")->is_array);
    const auto* change = system->find_method("RequestStateChange");
    ASSERT_NE(change, nullptr);
    EXPECT_TRUE(change->find("RequestedState")->is("In"));
    EXPECT_TRUE(change->find("Job")->is("Out"));
    EXPECT_EQ(change->find("Job")->type, cim::Type::reference);
    const auto link = clock.run(
        wsman::get_class(wsman(), schema::v2_namespace, "Msvm_SettingsDefineState", soon()));
    EXPECT_TRUE(link->is("Association"));
}

TEST_F(Metadata, leaves_out_what_was_not_asked_for)
{
    serve(Generation::ws2012r2);
    const auto own =
        clock.run(wsman::get_class(wsman(), schema::v2_namespace, "Msvm_ComputerSystem", soon(),
                                   {.qualifiers = false, .inherited = false}));
    EXPECT_TRUE(own->qualifiers.empty());
    EXPECT_TRUE(own->keys().empty());
    const auto all =
        clock.run(wsman::get_class(wsman(), schema::v2_namespace, "Msvm_ComputerSystem", soon()));
    EXPECT_LT(own->properties.size(), all->properties.size());
}

TEST_F(Metadata, is_read_in_every_form_nobody_has_recorded)
{
    serve(Generation::ws2012r2);
    const auto ask_class = [&] {
        return clock.run(
            wsman::get_class(wsman(), schema::v2_namespace, "Msvm_ComputerSystem", soon()));
    };
    const auto plain = ask_class();
    host->engine().profile().set("class_metadata_wrapper", "fragment");
    EXPECT_EQ(*ask_class(), *plain);
    host->engine().profile().set("class_metadata_detail", "all");
    EXPECT_EQ(*ask_class(), *plain);
    const auto own =
        clock.run(wsman::get_class(wsman(), schema::v2_namespace, "Msvm_ComputerSystem", soon(),
                                   {.qualifiers = false, .inherited = false}));
    EXPECT_EQ(*own, *plain);
    host->engine().profile().set("class_metadata", "refused");
    EXPECT_EQ(
        code_of(wsman::get_class(wsman(), schema::v2_namespace, "Msvm_ComputerSystem", soon())),
        "wmi_no_class_metadata");
}

TEST_F(Metadata, says_what_is_missing)
{
    serve(Generation::ws2012r2);
    EXPECT_EQ(code_of(wsman::get_class(wsman(), schema::v2_namespace, "Msvm_Nothing", soon())),
              "wmi_class_missing");
    EXPECT_EQ(code_of(wsman::get_class(wsman(), "root/nowhere", "X", soon())),
              "wmi_namespace_missing");
}

TEST_F(Metadata, v49_is_not_offered_by_stack_2)
{
    serve(Generation::ws2008r2sp1);
    EXPECT_EQ(
        code_of(wsman::get_class(wsman(), schema::v1_namespace, "Msvm_ComputerSystem", soon())),
        "wmi_no_class_metadata");
    const wsman::TakeClasses take = [](const auto&) { return true; };
    EXPECT_EQ(code_of(wsman::enumerate_classes(wsman(), schema::v1_namespace, take, soon())),
              "wmi_no_class_metadata");
}

TEST_F(Metadata, of_all_classes_comes_in_batches)
{
    serve(Generation::ws2012r2, 64U << 10U);
    std::vector<std::string> names;
    int batches = 0;
    const wsman::TakeClasses take = [&](const std::vector<wsman::SharedClass>& classes) {
        ++batches;
        for (const auto& one : classes) {
            names.push_back(one->name);
        }
        return true;
    };
    clock.run(wsman::enumerate_classes(wsman(), schema::v2_namespace, take, soon()));
    const auto* catalogue = schema::Catalogue::of(Generation::ws2012r2, schema::v2_namespace);
    EXPECT_EQ(names.size(), catalogue->classes().size());
    EXPECT_GT(batches, 1);
}

TEST_F(Metadata, of_all_classes_stops_when_enough_is_seen)
{
    serve(Generation::ws2012r2, 64U << 10U);
    int batches = 0;
    const wsman::TakeClasses take = [&](const auto&) { return ++batches == 0; };
    clock.run(wsman::enumerate_classes(wsman(), schema::v2_namespace, take, soon()));
    EXPECT_EQ(batches, 1);
    EXPECT_EQ(host->log().entries().back().operation, "Release");
}

TEST_F(Metadata, can_only_be_read)
{
    serve(Generation::ws2012r2);
    wsman::Request request = TestHost::request(schema::v2_namespace, "X", wsman::Delete{});
    request.header.resource_uri = wsman::class_metadata_uri();
    request.header.selectors = {{"__cimnamespace", std::string{schema::v2_namespace}}};
    EXPECT_EQ(TestHost::fault_code(ask(request)), action_not_supported);
    request.header.action = wsman::names::get;
    request.body = wsman::Get{};
    constexpr std::uint32_t selectors_missing = 2150858842;
    EXPECT_EQ(TestHost::fault_code(ask(request)), selectors_missing);
}

TEST_F(Metadata, v47_create_and_delete_are_no_verbs_of_stack_2)
{
    serve(Generation::ws2008r2sp1);
    EXPECT_EQ(fault_of(wsman::Create{cim::Instance{"Msvm_ComputerSystem"}},
                       std::string{wsman::names::create}),
              action_not_supported);
    EXPECT_EQ(fault_of(wsman::Delete{}, std::string{wsman::names::delete_}), action_not_supported);
}

TEST_F(Metadata, v47_delete_answers_empty_where_the_class_can_be_deleted)
{
    serve(Generation::ws2012r2);
    cim::Instance switch_{"Msvm_VirtualEthernetSwitch"};
    switch_.set("CreationClassName", cim::Type::string, "Msvm_VirtualEthernetSwitch");
    switch_.set("Name", cim::Type::string, "S1");
    int removed = 0;
    host->service()
        .find_namespace(schema::v2_namespace)
        ->add("Msvm_VirtualEthernetSwitch",
              {.produce = [switch_](const Demand&, const Sink& sink) { sink(switch_); },
               .remove = [&removed](const cim::ObjectPath&) { ++removed; }});
    const auto answer = ask(
        TestHost::request(schema::v2_namespace, "Msvm_VirtualEthernetSwitch", wsman::Delete{},
                          {{"CreationClassName", "Msvm_VirtualEthernetSwitch"}, {"Name", "S1"}}));
    EXPECT_TRUE(std::holds_alternative<wsman::EmptyResponse>(answer.body)) << last.body;
    EXPECT_EQ(answer.action, std::string{wsman::names::delete_} + "Response");
    EXPECT_EQ(removed, 1);
    const auto refused = ask(TestHost::request(
        schema::v2_namespace, "Msvm_VirtualSystemManagementService", wsman::Delete{},
        {{"CreationClassName", "Msvm_VirtualSystemManagementService"},
         {"Name", "vmms"},
         {"SystemCreationClassName", "Msvm_ComputerSystem"},
         {"SystemName", host->engine().name()}}));
    EXPECT_EQ(TestHost::fault_code(refused), action_not_supported) << last.body;
}

class Events : public Metadata
{
protected:
    Task<std::unique_ptr<wsman::Subscription>> subscribe()
    {
        return wsman::Subscription::open(wsman(), schema::v2_namespace, "Msvm_ConcreteJob",
                                         seconds{2}, soon());
    }
    static wsman::Subscribe wish(std::string wql)
    {
        return {.mode = std::string{wsman::names::delivery_pull},
                .filter = wsman::Filter{std::string{wsman::names::dialect_wql}, std::move(wql)}};
    }
    std::uint32_t refusal_of(wsman::Subscribe wish, const std::string& class_name = "*")
    {
        return fault_of(std::move(wish), std::string{wsman::names::subscribe}, class_name);
    }
};

TEST_F(Events, v48_are_told_when_a_host_job_moves_on)
{
    serve(Generation::ws2012r2);
    Host& engine = host->engine();
    const Vm& vm = engine.define_vm({.settings = engine.fresh_settings(1)});
    auto subscription = clock.run(subscribe());
    EXPECT_TRUE(clock.run(subscription->next(Deadline::after(clock, seconds{3}))).empty());
    cim::Instance input;
    input.set("RequestedState", cim::Type::uint16, std::uint16_t{2});
    const auto output = clock.run(
        wsman().invoke({std::string{schema::v2_namespace},
                        "Msvm_ComputerSystem",
                        {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vm.id.upper()}}},
                       "RequestStateChange", input, wsman::Effect::changes, soon()));
    ASSERT_NE(output["Job"].reference(), nullptr);
    const auto job = output["Job"].reference()->key("InstanceID");
    bool is_over = false;
    while (!is_over) {
        const auto events = clock.run(subscription->next(soon()));
        ASSERT_FALSE(events.empty());
        for (const wsman::Event& event : events) {
            EXPECT_EQ(event.class_name, "__InstanceModificationEvent");
            EXPECT_EQ(*event.after["InstanceID"].string(), *job);
            EXPECT_EQ(*event.before["InstanceID"].string(), *job);
            EXPECT_NE(event.after, event.before);
            is_over = is_over || event.after["JobState"].unsigned_integer() == 7U;
        }
    }
    clock.run(subscription->close(soon()));
    EXPECT_EQ(host->log().entries().back().outcome, "ok");
    EXPECT_THROW(clock.run(subscription->next(soon())), Error);
}

TEST_F(Events, v48_time_out_when_nothing_changes)
{
    serve(Generation::ws2012r2);
    clock.run(subscribe());
    wsman::Request request = TestHost::request(schema::v2_namespace, "*", wsman::Get{});
    request.body =
        wish("SELECT * FROM __InstanceModificationEvent WITHIN 0.5 WHERE TargetInstance ISA "
             "\"Msvm_ConcreteJob\"");
    request.header.action = wsman::names::subscribe;
    const auto answer = std::get<wsman::SubscribeResponse>(ask(request).body);
    request.header.action = wsman::names::pull;
    request.header.operation_timeout = seconds{5};
    request.body = wsman::Pull{.context = answer.context};
    const auto before = clock.steady();
    constexpr std::uint32_t timed_out = 2150858793;
    EXPECT_EQ(TestHost::fault_code(ask(request)), timed_out);
    EXPECT_GE(clock.steady() - before, seconds{5});
    request.header.action = wsman::names::renew;
    request.body = wsman::Renew{.identifier = answer.identifier};
    constexpr std::uint32_t unable_to_renew = 2150858788;
    EXPECT_EQ(TestHost::fault_code(ask(request)), unable_to_renew);
    request.header.action = wsman::names::unsubscribe;
    request.body = wsman::Unsubscribe{answer.identifier};
    EXPECT_EQ(TestHost::fault_code(ask(request)), 0U);
    EXPECT_NE(TestHost::fault_code(ask(request)), 0U);
}

TEST_F(Events, v48_are_not_offered_by_stack_2)
{
    serve(Generation::ws2008r2sp1);
    EXPECT_EQ(code_of(wsman::Subscription::open(wsman(), schema::v1_namespace, "Msvm_ConcreteJob",
                                                seconds{2}, soon())),
              "wmi_no_events");
}

TEST_F(Events, may_not_be_offered_after_all)
{
    serve(Generation::ws2012r2);
    host->engine().profile().set("wmi_events", "refused");
    EXPECT_EQ(code_of(subscribe()), "wmi_no_events");
}

TEST_F(Events, are_asked_for_in_one_way_only)
{
    serve(Generation::ws2012r2);
    const std::string good = "SELECT * FROM __InstanceModificationEvent WITHIN 2 WHERE "
                             "TargetInstance ISA 'Msvm_ConcreteJob'";
    constexpr std::uint32_t no_such_mode = 2150858782;
    constexpr std::uint32_t no_such_filter = 2150858786;
    constexpr std::uint32_t cannot_process = 0x80041017;
    auto push = wish(good);
    push.mode = "http://schemas.xmlsoap.org/ws/2004/08/eventing/DeliveryModes/Push";
    EXPECT_EQ(refusal_of(push), no_such_mode);
    auto other = wish(good);
    other.filter->dialect = "http://schemas.microsoft.com/win/2004/08/events/eventquery";
    EXPECT_EQ(refusal_of(other), no_such_filter);
    EXPECT_EQ(refusal_of(wish(good), "Msvm_ConcreteJob"), action_not_supported);
    for (const char* query :
         {"", "SELECT * FROM Msvm_ConcreteJob",
          "SELECT * FROM __InstanceModificationEvent WITHIN soon WHERE TargetInstance ISA 'X'",
          "SELECT * FROM __InstanceModificationEvent WITHIN -1 WHERE TargetInstance ISA 'X'",
          "SELECT * FROM __InstanceModificationEvent WITHIN 2 WHERE TargetInstance ISA X",
          "SELECT * FROM __InstanceModificationEvent WITHIN 2 WHERE TargetInstance ISA 'X'"}) {
        EXPECT_EQ(refusal_of(wish(query)), cannot_process) << query;
    }
}

} // namespace
} // namespace watari::sim
