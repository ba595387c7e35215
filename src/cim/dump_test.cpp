#include "cim/dump.hpp"

#include "cim/object_path.hpp"
#include "core/error.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace watari::cim {
namespace {

namespace fs = std::filesystem;

/// Removed at the end.
class Folder
{
public:
    Folder()
    {
        std::string name = (fs::temp_directory_path() / "watari-dump-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

Instance vm(int number)
{
    Instance instance{"Msvm_ComputerSystem"};
    instance.set("Name", Type::string, "vm-" + std::to_string(number));
    instance.set("Notes", Type::string, "two\nlines & <more>");
    instance.set("EnabledState", Type::uint16, std::uint16_t{2});
    instance.set(Property{"Empty", Type::uint32, false, {}});
    instance.set("Status", Type::uint16, Value::Array{std::uint16_t{2}, std::uint16_t{17}});
    instance.set("Since", Type::datetime, *DateTime::from_xs("2025-12-17T09:55:22.702341Z"));
    instance.set("Host", Type::reference,
                 ObjectPath{"root/virtualization/v2", "X", {{"K", "D:\\a"}}}.with_host("H"));
    return instance;
}

struct Read {
    DumpedHost host;
    std::vector<std::string> namespaces;
    std::vector<ClassDeclaration> classes;
    std::vector<Instance> instances;
};

Read read(const fs::path& folder)
{
    Read all;
    all.host = read_dump(
        folder, {.on_namespace = [&](const auto& ns) { all.namespaces.push_back(ns); },
                 .on_class = [&](auto one) { all.classes.push_back(std::move(one)); },
                 .on_instance = [&](auto one) { all.instances.push_back(std::move(one)); }});
    return all;
}

std::string code_of_reading(const fs::path& folder)
{
    try {
        read(folder);
        return "";
    } catch (const Error& error) {
        return error.code();
    }
}

void write(DumpWriter& writer)
{
    writer.begin_namespace("root/virtualization/v2");
    writer.add(ClassDeclaration{.name = "Msvm_ComputerSystem"});
    writer.begin_instances("Msvm_ComputerSystem");
    writer.add(vm(1));
    writer.add(vm(2));
    writer.begin_namespace("root/cimv2");
    writer.add(ClassDeclaration{.name = "Win32_X"});
    writer.begin_instances("Win32_X");
    writer.finish({"Microsoft Corporation", "OS: 6.3.9600 SP: 0.0 Stack: 3.0", "proto"});
}

TEST(Dump, what_was_written_is_read_back)
{
    const Folder folder;
    DumpWriter writer{folder.path() / "new"};
    write(writer);
    EXPECT_EQ(writer.classes(), 2U);
    EXPECT_EQ(writer.instances(), 2U);
    const Read all = read(folder.path() / "new");
    EXPECT_EQ(all.host.product_version, "OS: 6.3.9600 SP: 0.0 Stack: 3.0");
    EXPECT_EQ(all.namespaces, (std::vector<std::string>{"root/virtualization/v2", "root/cimv2"}));
    EXPECT_EQ(all.classes.size(), 2U);
    EXPECT_EQ(all.instances, (std::vector{vm(1), vm(2)}));
}

TEST(Dump, is_not_written_over_something_else)
{
    const Folder folder;
    std::ofstream{folder.path() / "file"} << "mine";
    try {
        const DumpWriter writer{folder.path()};
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::conflict);
        EXPECT_EQ(error.code(), "dump_folder_not_empty");
    }
    EXPECT_THROW(DumpWriter{folder.path() / "file" / "below"}, Error);
}

TEST(Dump, keeps_namespaces_apart_that_would_share_a_folder)
{
    const Folder folder;
    DumpWriter writer{folder.path()};
    writer.begin_namespace("root/a_b");
    writer.add(ClassDeclaration{.name = "One"});
    writer.begin_namespace("root/a/b");
    writer.add(ClassDeclaration{.name = "Two"});
    writer.finish({});
    const Read all = read(folder.path());
    ASSERT_EQ(all.classes.size(), 2U);
    EXPECT_EQ(all.classes[1].name, "Two");
}

TEST(Dump, names_no_file_after_what_is_no_class)
{
    const Folder folder;
    DumpWriter writer{folder.path()};
    writer.begin_namespace("root/a");
    for (const char* name : {"", "..", "a/b", "a b"}) {
        EXPECT_THROW(writer.begin_instances(name), Error) << name;
    }
}

TEST(Dump, says_what_is_damaged)
{
    const Folder folder;
    EXPECT_EQ(code_of_reading(folder.path() / "none"), "dump_not_there");
    DumpWriter writer{folder.path() / "d"};
    write(writer);
    const fs::path space = folder.path() / "d" / "root_virtualization_v2";
    std::ofstream{space / "instances" / "Msvm_ComputerSystem.cimxml"} << "<INSTANCE";
    EXPECT_EQ(code_of_reading(folder.path() / "d"), "dump_damaged");
    fs::remove(space / "classes.cimxml");
    EXPECT_EQ(code_of_reading(folder.path() / "d"), "dump_not_there");
    for (const char* text : {"", "<dump", "<other/>", "<dump format='2'/>",
                             "<dump format='1'><namespace name='x' folder='../x'/></dump>",
                             "<dump format='1'><namespace/></dump>"}) {
        std::ofstream{folder.path() / "d" / "dump.xml"} << text;
        EXPECT_EQ(code_of_reading(folder.path() / "d"), "dump_damaged") << text;
    }
}

} // namespace
} // namespace watari::cim
