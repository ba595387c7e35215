#include "client/views.hpp"

#include <gtest/gtest.h>

namespace watari::client {
namespace {

contract::Vm desk()
{
    return {.id = "1",
            .project = "p",
            .name = "desk-1",
            .plan = "m",
            .lifecycle = "ready",
            .power = "running",
            .processors = 2,
            .memory_mib = 2048,
            .disk_bytes = 42949672960,
            .host_name = "sim-1",
            .namespace_ = "v2",
            .created = "2026-01-01T00:00:00.123456Z",
            .updated = "2026-01-01T00:00:00Z"};
}

TEST(Views, list_vms_in_both_languages)
{
    const contract::VmList list{.items = {desk()}};
    EXPECT_EQ(text_of(list, {}),
              "NAME    STATE  POWER    HOST   NAMESPACE  PLAN  CPUS  MEMORY    DISK  NETWORK\n"
              "desk-1  ready  running  sim-1  v2         m        2   2 GiB  40 GiB  -\n");
    EXPECT_EQ(
        text_of(list, {.language = Language::ja}),
        "名前    状態   電源     ホスト  名前空間  プラン  CPU  メモリ  ディスク  ネットワーク\n"
        "desk-1  ready  running  sim-1   v2        m         2   2 GiB    40 GiB  -\n");
}

TEST(Views, leave_out_what_is_not_known_of_a_vm)
{
    const auto text = text_of(desk(), {});
    EXPECT_NE(text.find("CREATED    2026-01-01 00:00:00Z\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("MAC"), std::string::npos) << text;
}

TEST(Views, print_no_escape_sequence_of_a_name)
{
    auto vm = desk();
    vm.name = "\x1b]0;evil\x07";
    EXPECT_EQ(text_of(vm, {}).find('\x1b'), std::string::npos);
    EXPECT_EQ(text_of(contract::VmList{.items = {vm}}, {}).find('\x1b'), std::string::npos);
}

TEST(Views, show_a_work_plan_with_why_not_the_others_and_refusals)
{
    contract::WorkPlan plan{
        .kind = "create_vm", .host = "sim-1", .namespace_ = "v2", .requests_budget = 20};
    plan.steps = {{.id = "disk", .title = "Make the disk"}};
    plan.placement = {.chosen = "sim-1",
                      .candidates = {{.host = "sim-1",
                                      .fits = true,
                                      .memory_free_mib = 4096,
                                      .storage_free_bytes = 1073741824},
                                     {.host = "sim-2",
                                      .memory_free_mib = 512,
                                      .why_not = {"too little memory", "no storage"}}}};
    plan.refusals = {{.title = "quota", .detail = "The quota is used up.", .code = "quota"}};
    EXPECT_EQ(work_plan_text(plan, {}), "It would run on host sim-1, namespace v2.\n"
                                        "\n"
                                        "   HOST   FREE MEMORY  FREE STORAGE  WHY NOT\n"
                                        "→  sim-1        4 GiB         1 GiB\n"
                                        "   sim-2      512 MiB       0 bytes  too little memory\n"
                                        "                                     no storage\n"
                                        "\n"
                                        "Steps:\n"
                                        "  · Make the disk\n"
                                        "At most 20 requests to the host.\n"
                                        "\n"
                                        "As ordered, it would be refused:\n"
                                        "  ✗ The quota is used up.\n");
}

TEST(Views, show_hosts_with_volumes_and_capabilities)
{
    contract::Host host{.id = "1",
                        .name = "sim-1",
                        .address = "127.42.1.1",
                        .port = 5986,
                        .server_name = "hv1.corp.example",
                        .tls = true,
                        .scheme = "kerberos",
                        .user = "watari@CORP.EXAMPLE",
                        .state = "ready",
                        .observe_only = true,
                        .memory_total_mib = 8192};
    host.volumes = {{.drive = "D:", .size_bytes = 1099511627776, .free_bytes = 0}};
    host.capabilities = {
        {.name = "vhdx", .present = true, .evidence = "Msvm_ImageManagementService"}};
    const auto text = text_of(host, {});
    EXPECT_NE(text.find("127.42.1.1:5986"), std::string::npos) << text;
    EXPECT_NE(text.find("hv1.corp.example"), std::string::npos) << text;
    EXPECT_NE(text.find("kerberos+tls"), std::string::npos) << text;
    EXPECT_NE(text.find("observe-only"), std::string::npos) << text;
    EXPECT_EQ(text.find("not checked"), std::string::npos) << text;
    EXPECT_NE(text.find("D:     1 TiB  0 bytes"), std::string::npos) << text;
    EXPECT_NE(text.find("✓  vhdx        Msvm_ImageManagementService"), std::string::npos) << text;
    EXPECT_NE(text_of(contract::HostList{.items = {host}}, {}).find("8 GiB"), std::string::npos);
    host.tls_insecure = true;
    host.observe_only = false;
    EXPECT_NE(text_of(host, {}).find("not checked"), std::string::npos);
    const auto list = text_of(contract::HostList{.items = {host}}, {.colours = true});
    EXPECT_NE(list.find(toned("kerberos+tls", Tone::bad, true)), std::string::npos) << list;
    EXPECT_NE(list.find("allowed"), std::string::npos) << list;
}

} // namespace
} // namespace watari::client
