#include "schema/catalogue.hpp"
#include "schema/catalogue_parts.hpp"
#include "schema/cimv2.hpp"
#include "schema/embedded.hpp"
#include "schema/templates.hpp"
#include "schema/typed.hpp"
#include "schema/v1.hpp"
#include "schema/v2.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace watari::schema {
namespace {

const Catalogue& v1(Generation generation)
{
    return *Catalogue::of(generation, v1_namespace);
}
const Catalogue& v2(Generation generation)
{
    return *Catalogue::of(generation, v2_namespace);
}

TEST(Catalogue, namespaces_follow_the_generation)
{
    for (const Generation generation : all_generations) {
        EXPECT_EQ(Catalogue::of(generation, v1_namespace) != nullptr,
                  generation <= Generation::ws2012);
        EXPECT_EQ(Catalogue::of(generation, v2_namespace) != nullptr,
                  generation >= Generation::ws2012);
        EXPECT_NE(Catalogue::of(generation, cimv2_namespace), nullptr);
        EXPECT_EQ(Catalogue::of(generation, "root/interop"), nullptr);
    }
    EXPECT_NE(Catalogue::of(Generation::ws2012, "ROOT/Virtualization/V2"), nullptr);
    EXPECT_EQ(Catalogue::any("root/nothing"), nullptr);
}

TEST(Catalogue, is_made_once)
{
    EXPECT_EQ(Catalogue::of(Generation::ws2012r2, v2_namespace),
              Catalogue::of(Generation::ws2012r2, v2_namespace));
    EXPECT_EQ(Catalogue::any(v2_namespace), Catalogue::any(v2_namespace));
}

TEST(Catalogue, has_as_many_classes_as_the_data)
{
    EXPECT_EQ(Catalogue::any(v1_namespace)->classes().size(), 214);
    EXPECT_GE(Catalogue::any(v2_namespace)->classes().size(), 426);
    EXPECT_EQ(Catalogue::any(cimv2_namespace)->classes().size(), 8);
    EXPECT_EQ(v1(Generation::ws2008r2sp1).classes().size(),
              v1(Generation::ws2012).classes().size());
    EXPECT_LT(v2(Generation::ws2012).classes().size(), v2(Generation::ws2012r2).classes().size());
    EXPECT_LT(v2(Generation::ws2012r2).classes().size(), v2(Generation::ws2016).classes().size());
    EXPECT_TRUE(std::ranges::is_sorted(v2(Generation::ws2012).classes(), {}, &ClassInfo::name));
}

TEST(Catalogue, has_every_class_the_drivers_name)
{
    std::ifstream file{WATARI_SOURCE_DIR "/data/schema/used.json"};
    std::stringstream text;
    text << file.rdbuf();
    for (const auto& [ns, names] : boost::json::parse(text.str()).as_object()) {
        for (const auto& name : names.as_array()) {
            EXPECT_NE(Catalogue::any(ns)->find(name.as_string()), nullptr)
                << ns << ":" << name.as_string();
        }
    }
}

TEST(Catalogue, knows_keys_and_types)
{
    const Catalogue& r2 = v2(Generation::ws2012r2);
    const ClassInfo* system = r2.find("msvm_COMPUTERSYSTEM");
    ASSERT_NE(system, nullptr);
    EXPECT_EQ(system->name, "Msvm_ComputerSystem");
    EXPECT_EQ(system->keys, (std::vector<std::string>{"CreationClassName", "Name"}));
    EXPECT_TRUE(system->find_property("name")->is_key);
    EXPECT_EQ(system->find_property("OperationalStatus")->type, cim::Type::uint16);
    EXPECT_TRUE(system->find_property("OperationalStatus")->is_array);
    EXPECT_EQ(system->find_property("InstallDate")->type, cim::Type::datetime);
    const auto quantity = r2.property_type("Msvm_MemorySettingData", "VIRTUALQUANTITY");
    ASSERT_TRUE(quantity);
    EXPECT_EQ(quantity->type, cim::Type::uint64);
    EXPECT_EQ(r2.property_type("Msvm_SettingsDefineState", "SettingData")->type,
              cim::Type::reference);
    EXPECT_EQ(r2.property_type("Msvm_MemorySettingData", "Nothing"), std::nullopt);
    EXPECT_EQ(r2.property_type("Msvm_Nothing", "InstanceID"), std::nullopt);
    EXPECT_EQ(r2.property_type("Msvm_MemorySettingData", "__CLASS")->type, cim::Type::string);
    EXPECT_EQ(Catalogue::any(cimv2_namespace)->find("Win32_Volume")->keys,
              std::vector<std::string>{"DeviceID"});
}

TEST(Catalogue, notes_is_text_in_v1_and_an_array_in_v2)
{
    EXPECT_FALSE(
        v1(Generation::ws2012).property_type("Msvm_VirtualSystemSettingData", "Notes")->is_array);
    EXPECT_TRUE(
        v2(Generation::ws2012).property_type("Msvm_VirtualSystemSettingData", "Notes")->is_array);
    EXPECT_EQ(
        v1(Generation::ws2012).find("Msvm_VirtualSystemGlobalSettingData")->find_property("Notes"),
        nullptr);
}

TEST(Catalogue, properties_appear_with_their_generation)
{
    const auto has = [](Generation generation, const char* property,
                        const char* name = "Msvm_VirtualSystemSettingData") {
        return v2(generation).property_type(name, property).has_value();
    };
    EXPECT_FALSE(has(Generation::ws2012, "VirtualSystemSubType"));
    EXPECT_TRUE(has(Generation::ws2012r2, "VirtualSystemSubType"));
    EXPECT_FALSE(has(Generation::ws2012r2, "UserSnapshotType"));
    EXPECT_TRUE(has(Generation::ws2016, "UserSnapshotType"));
    EXPECT_FALSE(has(Generation::ws2016, "AutomaticSnapshotsEnabled"));
    EXPECT_TRUE(has(Generation::ws2019, "AutomaticSnapshotsEnabled"));
    EXPECT_FALSE(has(Generation::ws2016, "EnableHibernation"));
    EXPECT_TRUE(has(Generation::ws2019, "EnableHibernation")) << "observed on build 17763";
    EXPECT_TRUE(has(Generation::ws2012, "Format", "Msvm_VirtualHardDiskSettingData"));
    EXPECT_FALSE(has(Generation::ws2012, "IOPSLimit", "Msvm_StorageAllocationSettingData"));
}

TEST(Catalogue, previews_have_what_their_features_prove)
{
    const Catalogue& vnext = v2(Generation::vnext);
    EXPECT_TRUE(vnext.property_type("Msvm_VirtualSystemSettingData", "UserSnapshotType"))
        << "production checkpoints";
    EXPECT_NE(
        vnext.find("Msvm_VirtualSystemManagementService")->find_method("UpgradeSystemVersion"),
        nullptr);
    EXPECT_EQ(vnext.find("Msvm_VHDSetInformation"), nullptr) << "vhd_set is unknown there";
}

TEST(Catalogue, observed_differences_count_for_2025)
{
    constexpr auto connection = "Msvm_EthernetPortAllocationSettingData";
    EXPECT_FALSE(v2(Generation::ws2022).property_type(connection, "PortName"));
    EXPECT_TRUE(v2(Generation::ws2025).property_type(connection, "PortName"));
    EXPECT_EQ(v2(Generation::ws2019).find("Msvm_VirtualizationComponent"), nullptr);
}

TEST(Catalogue, classes_of_uncertain_age_count_as_2012)
{
    EXPECT_NE(v2(Generation::ws2012).find("Msvm_SettingsDefineState"), nullptr);
    EXPECT_EQ(v2(Generation::ws2012).find("Msvm_GuestFileService"), nullptr);
    EXPECT_NE(v2(Generation::ws2012r2).find("Msvm_GuestFileService"), nullptr);
}

TEST(Catalogue, methods_carry_their_parameters)
{
    const MethodInfo* define = v2(Generation::ws2012r2)
                                   .find("Msvm_VirtualSystemManagementService")
                                   ->find_method("DefineSystem");
    ASSERT_NE(define, nullptr);
    EXPECT_EQ(define->returns, cim::Type::uint32);
    EXPECT_TRUE(define->find("ResourceSettings")->is_array);
    EXPECT_FALSE(define->find("SystemSettings")->embedded_class.empty());
    EXPECT_EQ(define->find("resultingsystem")->type, cim::Type::reference);
    EXPECT_TRUE(define->find("Job")->out);
    EXPECT_FALSE(define->find("Job")->in);
    const Catalogue& any = *Catalogue::any(v2_namespace);
    EXPECT_EQ(
        any.parameter_type("Msvm_ImageManagementService", "CreateVirtualHardDisk", "ReturnValue")
            ->type,
        cim::Type::uint32);
    EXPECT_EQ(
        any.parameter_type("Msvm_ImageManagementService", "CreateVirtualHardDisk", "Job")->type,
        cim::Type::reference);
    EXPECT_EQ(any.parameter_type("Msvm_ImageManagementService", "CreateVirtualHardDisk", "Nothing"),
              std::nullopt);
    EXPECT_EQ(any.parameter_type("Msvm_ImageManagementService", "Nothing", "Job"), std::nullopt);
    EXPECT_EQ(v2(Generation::ws2012r2)
                  .find("Msvm_VirtualSystemManagementService")
                  ->find_method("UpgradeSystemVersion"),
              nullptr);
}

TEST(Catalogue, inheritance_is_flattened_and_asked_by_name)
{
    const Catalogue& r2 = v2(Generation::ws2012r2);
    EXPECT_TRUE(r2.is_a("Msvm_StorageJob", "CIM_ConcreteJob"));
    EXPECT_TRUE(r2.is_a("Msvm_MigrationJob", "cim_concretejob"));
    EXPECT_TRUE(r2.is_a("Msvm_ComputerSystem", "Msvm_ComputerSystem"));
    EXPECT_FALSE(r2.is_a("CIM_ConcreteJob", "Msvm_StorageJob"));
    EXPECT_FALSE(r2.is_a("Msvm_Nothing", "Msvm_Nothing"));
    EXPECT_NE(r2.find("Msvm_StorageJob")->find_property("JobState"), nullptr);
    EXPECT_NE(r2.find("Msvm_StorageJob")->find_method("GetErrorEx"), nullptr);
    EXPECT_TRUE(r2.is_a("Msvm_EthernetSwitchPortVlanSettingData", "Msvm_FeatureSettingData"));
    EXPECT_TRUE(r2.find("CIM_ConcreteJob")->is_abstract);
    EXPECT_TRUE(r2.find("Msvm_SettingsDefineState")->is_association);
}

TEST(Catalogue, every_key_is_a_property_and_every_base_is_known)
{
    for (const auto ns : {v1_namespace, v2_namespace}) {
        for (const ClassInfo* info : Catalogue::any(ns)->classes()) {
            for (const auto& key : info->keys) {
                ASSERT_NE(info->find_property(key), nullptr) << info->name << "." << key;
                EXPECT_TRUE(info->find_property(key)->is_key);
            }
            if (!info->superclass.empty()) {
                EXPECT_TRUE(Catalogue::any(ns)->is_a(info->name, info->superclass)) << info->name;
            }
        }
    }
}

TEST(Writability, follows_the_table_and_not_the_documented_access)
{
    const Catalogue& r2 = v2(Generation::ws2012r2);
    EXPECT_EQ(r2.writability("Msvm_VirtualSystemSettingData", "InstanceID", "DefineSystem"),
              Writability::ignored);
    EXPECT_EQ(r2.writability("Msvm_VirtualSystemSettingData", "ElementName", "DefineSystem"),
              Writability::accepted);
    EXPECT_FALSE(
        r2.find("Msvm_VirtualSystemSettingData")->find_property("ElementName")->is_read_write);
    EXPECT_EQ(v2(Generation::ws2012)
                  .writability("Msvm_VirtualSystemSettingData", "Version", "DefineSystem"),
              Writability::ignored);
    EXPECT_EQ(v2(Generation::ws2016)
                  .writability("Msvm_VirtualSystemSettingData", "Version", "DefineSystem"),
              Writability::accepted);
    EXPECT_EQ(r2.writability("Msvm_MemorySettingData", "InstanceID", "AddResourceSettings"),
              Writability::ignored)
        << "a rule of the base";
    EXPECT_EQ(v1(Generation::ws2012)
                  .writability("Msvm_VirtualSystemSettingData", "Notes", "DefineVirtualSystem"),
              Writability::refused);
    EXPECT_EQ(v1(Generation::ws2012)
                  .writability("Msvm_VirtualSystemSettingData", "notes", "modifyvirtualsystem"),
              Writability::accepted);
    EXPECT_EQ(
        r2.writability("Msvm_VirtualSystemSettingData", "LowMmioGapSize", "ModifySystemSettings"),
        Writability::accepted)
        << "no rule: taken (UNVERIFIED)";
}

TEST(Writability, every_rule_names_what_the_schema_has)
{
    const auto table = boost::json::parse(embedded::writable());
    for (const auto& rule : table.at("rules").as_array()) {
        const Catalogue* catalogue = Catalogue::any(rule.at("namespace").as_string());
        ASSERT_NE(catalogue, nullptr);
        const ClassInfo* info = catalogue->find(rule.at("class").as_string());
        ASSERT_NE(info, nullptr) << rule.at("class").as_string();
        for (const auto& property : rule.at("properties").as_array()) {
            EXPECT_TRUE(property.as_string() == "*" ||
                        info->find_property(property.as_string()) != nullptr)
                << info->name << "." << property.as_string();
        }
        const std::string_view effect = rule.at("effect").as_string();
        EXPECT_TRUE(effect == "accepted" || effect == "ignored" || effect == "refused") << effect;
        EXPECT_FALSE(rule.at("evidence").as_string().empty());
    }
}

TEST(Put, v1_takes_it_for_the_network_classes_only)
{
    const Catalogue& old = v1(Generation::ws2008r2sp1);
    EXPECT_TRUE(old.accepts_put("Msvm_VLANEndpointSettingData"));
    EXPECT_TRUE(
        old.find("Msvm_VLANEndpointSettingData")->find_property("AccessVLAN")->is_read_write);
    EXPECT_FALSE(old.accepts_put("Msvm_VirtualSystemSettingData"));
    EXPECT_FALSE(old.accepts_put("Msvm_Nothing"));
}

TEST(Typed, sets_and_gets_declared_properties)
{
    using Memory = v2::Msvm_MemorySettingData;
    Object<Memory> memory;
    memory.set(Memory::VirtualQuantity, 2048)
        .set(Memory::DynamicMemoryEnabled, false)
        .set(Memory::InstanceID, "Microsoft:x");
    EXPECT_EQ(memory.instance().class_name(), "Msvm_MemorySettingData");
    EXPECT_EQ(memory.get(Memory::VirtualQuantity), 2048);
    EXPECT_EQ(memory.get(Memory::DynamicMemoryEnabled), false);
    EXPECT_EQ(memory.get(Memory::Reservation), std::nullopt);
    EXPECT_FALSE(memory.has(Memory::Reservation));
    EXPECT_EQ(memory.instance().find("VirtualQuantity")->type, cim::Type::uint64);
}

TEST(Typed, arrays_read_one_value_as_an_array_of_one)
{
    using Settings = v2::Msvm_VirtualSystemSettingData;
    Object<Settings> settings;
    EXPECT_TRUE(settings.get(Settings::Notes).empty());
    settings.set(Settings::Notes, std::vector<std::string>{"watari:1:site:vm"});
    EXPECT_EQ(settings.get(Settings::Notes), std::vector<std::string>{"watari:1:site:vm"});
    cim::Instance bare{"Msvm_VirtualSystemSettingData"};
    bare.set("Notes", cim::Type::string, cim::Value{"one"});
    EXPECT_EQ(Object<Settings>{bare}.get(Settings::Notes), std::vector<std::string>{"one"});
}

TEST(Typed, a_value_out_of_range_reads_as_nothing)
{
    cim::Instance system{"Msvm_ComputerSystem"};
    system.set("EnabledState", cim::Type::uint32, cim::Value{std::uint64_t{70000}});
    EXPECT_EQ(Object<v2::Msvm_ComputerSystem>{system}.get(v2::Msvm_ComputerSystem::EnabledState),
              std::nullopt);
}

TEST(Typed, calls_carry_embedded_instances_as_text)
{
    using Service = v2::Msvm_VirtualSystemManagementService;
    using Settings = v2::Msvm_VirtualSystemSettingData;
    Object<Settings> settings;
    settings.set(Settings::ElementName, "web");
    Call<Service::DefineSystem> call;
    call.set(Service::DefineSystem::SystemSettings, settings);
    const std::string* text = call.parameters()["SystemSettings"].string();
    ASSERT_NE(text, nullptr);
    EXPECT_EQ(cim::from_cim_xml(*text).class_name(), "Msvm_VirtualSystemSettingData");
    EXPECT_EQ(*cim::from_cim_xml(*text)["ElementName"].string(), "web");
}

TEST(Typed, results_give_references_and_the_return_value)
{
    using Service = v2::Msvm_VirtualSystemManagementService;
    cim::Instance output{"DefineSystem_OUTPUT"};
    EXPECT_EQ(Result<Service::DefineSystem>{output}.return_value(), 0xFFFFFFFFU);
    output.set("ReturnValue", cim::Type::uint32, cim::Value{std::uint32_t{4096}});
    output.set("Job", cim::Type::reference,
               cim::Value{cim::ObjectPath{"root/virtualization/v2",
                                          "Msvm_ConcreteJob",
                                          {{"InstanceID", cim::Value{"J"}}}}});
    const Result<Service::DefineSystem> result{output};
    EXPECT_EQ(result.return_value(), 4096U);
    EXPECT_EQ(result.get(Service::DefineSystem::Job)->class_name(), "Msvm_ConcreteJob");
    EXPECT_EQ(result.get(Service::DefineSystem::ResultingSystem), std::nullopt);
}

TEST(Typed, declared_types_agree_with_the_catalogue)
{
    EXPECT_EQ(v1::Msvm_VLANEndpointSettingData::AccessVLAN.type,
              Catalogue::any(v1_namespace)
                  ->property_type("Msvm_VLANEndpointSettingData", "AccessVLAN")
                  ->type);
    EXPECT_EQ(cimv2::CIM_DataFile::ns, cimv2_namespace);
    EXPECT_EQ(v1::Msvm_ComputerSystem::ns, v1_namespace);
    EXPECT_EQ(v2::Msvm_ComputerSystem::ns, v2_namespace);
}

TEST(Templates, hold_only_what_the_generation_has_with_fitting_values)
{
    const auto check = [](const std::vector<cim::Instance>& templates, const Catalogue& catalogue) {
        for (const auto& instance : templates) {
            EXPECT_NE(catalogue.find(instance.class_name()), nullptr) << instance.class_name();
            for (const auto& property : instance.properties()) {
                EXPECT_TRUE(property.value.fits(property.type, property.is_array))
                    << instance.class_name() << "." << property.name;
            }
        }
    };
    check(default_templates(Generation::ws2008r2sp1, v1_namespace), v1(Generation::ws2008r2sp1));
    check(default_templates(Generation::ws2012, v2_namespace), v2(Generation::ws2012));
    check(v1_new_vm_settings(), v1(Generation::ws2012));
    EXPECT_EQ(default_templates(Generation::ws2012, v1_namespace).size(), 7);
    EXPECT_EQ(default_templates(Generation::ws2012, v2_namespace).size(), 11);
    EXPECT_TRUE(default_templates(Generation::ws2012r2, v1_namespace).empty());
    EXPECT_EQ(v1_new_vm_settings().size(), 2);
}

TEST(Templates, name_every_property_as_the_newest_schema_does)
{
    const auto table = boost::json::parse(embedded::templates());
    for (const auto& item : table.at("default_templates").as_array()) {
        const Catalogue& catalogue = *Catalogue::any(item.at("namespace").as_string());
        for (const auto& property : item.at("properties").as_object()) {
            EXPECT_TRUE(catalogue.property_type(item.at("class").as_string(), property.key()))
                << item.at("class").as_string() << "." << property.key();
        }
    }
}

TEST(Templates, know_what_a_device_is_called_in_each_api)
{
    const auto& all = resource_subtypes();
    const auto drive =
        std::ranges::find(all, "Microsoft Synthetic Disk Drive", &ResourceSubtype::v1_subtype);
    ASSERT_NE(drive, all.end());
    EXPECT_EQ(drive->v1_type, 22);
    EXPECT_EQ(drive->v2_type, 17);
    EXPECT_EQ(drive->v2_subtype, "Microsoft:Hyper-V:Synthetic Disk Drive");
    for (const auto& subtype : all) {
        EXPECT_TRUE(subtype.v1_class.empty() ||
                    Catalogue::any(v1_namespace)->find(subtype.v1_class))
            << subtype.v1_class;
        EXPECT_TRUE(subtype.v2_class.empty() ||
                    Catalogue::any(v2_namespace)->find(subtype.v2_class))
            << subtype.v2_class;
    }
}

TEST(Speed, a_catalogue_loads_quickly)
{
    // Processor time, so that a busy machine does not fail it; the bound leaves room for
    // sanitizers, a plain debug build needs under 150 ms.
    const std::clock_t start = std::clock();
    const auto document = boost::json::parse(embedded::v2());
    const auto parts = read_parts(v2_namespace, Generation::ws2025);
    const double milliseconds = 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    ASSERT_TRUE(parts);
    RecordProperty("milliseconds", static_cast<int>(milliseconds));
    EXPECT_GT(document.at("classes").as_object().size(), 400);
    EXPECT_LT(milliseconds, 1500);
}

} // namespace
} // namespace watari::schema
