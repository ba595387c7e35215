#include "vhd/disk_testing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

/// What other readers see of our files: qemu-img, vhdiinfo and libvhdi's Python module. They must
/// be installed.
namespace watari::vhd {
namespace {

namespace fs = std::filesystem;

struct Ran {
    int exit_code = -1;
    std::string output;
};

Ran run(const std::string& command)
{
    Ran ran;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) {
        return ran;
    }
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        ran.output.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

/// Reads ranges through a chain, leaf first. Every file object is kept: libvhdi does not hold on to
/// parents itself.
constexpr const char* libvhdi_script = R"(
import sys, pyvhdi
out, ranges, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
chain = []
for path in paths:
    f = pyvhdi.file(); f.open(path); chain.append(f)
for child, parent in reversed(list(zip(chain, chain[1:]))):
    child.set_parent(parent)
with open(out, 'wb') as o:
    for r in ranges.split(','):
        offset, length = map(int, r.split(':'))
        chain[0].seek(offset)
        while length > 0:
            data = chain[0].read(min(length, 1 << 20))
            if not data: sys.exit('short read')
            o.write(data); length -= len(data)
)";

class Readers : public testing::Test
{
public:
    ~Readers() override { fs::remove_all(folder_); }

protected:
    Readers()
    {
        std::string folder = testing::TempDir() + "watari_vhd_XXXXXX";
        folder_ = ::mkdtemp(folder.data());
    }
    std::string path(const std::string& name) const { return folder_ / name; }

    void save(MemoryFile& file, const std::string& name)
    {
        auto target = open_file(path(name), FileMode::create);
        target->truncate(file.size());
        for (std::uint64_t at = 0; at < file.size(); at += 64 * kib) {
            const std::uint64_t length = std::min(64 * kib, file.size() - at);
            if (file.has_data(at, length)) {
                target->write_at(at, read_bytes(file, at, length));
            }
        }
    }

    std::unique_ptr<Disk> writer(const std::string& name, const OpenOptions& options = {})
    {
        return open_writable(open_file(path(name), FileMode::write), *random_, options);
    }

    OpenOptions chain_options()
    {
        return {.parents = [this](const std::string&, const ParentLink& link) -> ParentFile {
            return {.file = open_file(path(link.paths.relative.substr(2)), FileMode::read)};
        }};
    }

    void make(const std::string& name, const NewDisk& disk)
    {
        create(*open_file(path(name), FileMode::create), disk, *random_);
    }

    void make_child(const std::string& name, const std::string& parent)
    {
        const Info facts = info(*open_file(path(parent), FileMode::read));
        make(name, {.format = facts.format,
                    .kind = Kind::differencing,
                    .created = test_time,
                    .parent = NewParent{
                        .info = facts,
                        .paths = {.relative = ".\\" + parent, .absolute = "D:\\img\\" + parent},
                        .modified = test_time}});
    }

    void scribble_into(const std::string& name, int count = 20, const OpenOptions& options = {})
    {
        auto disk = writer(name, options);
        scribble(*disk, contents_, *random_, count);
        disk->close();
    }

    void expect_qemu_size(const std::string& name, Format format, std::uint64_t size)
    {
        const Ran ran =
            run(fmt::format("qemu-img info -f {} --output=json {}", driver(format), path(name)));
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
        EXPECT_NE(ran.output.find(fmt::format("\"virtual-size\": {}", size)), std::string::npos)
            << ran.output;
        if (format == Format::vhdx) {
            const Ran check = run("qemu-img check -f vhdx " + path(name));
            EXPECT_EQ(check.exit_code, 0) << check.output;
        }
    }

    /// qemu finds exactly what was written, and zeros elsewhere.
    void expect_qemu_contents(const std::string& name, Format format, std::uint64_t size)
    {
        write_raw("raw", size);
        const Ran ran = run(fmt::format("qemu-img compare -f {} -F raw {} {}", driver(format),
                                        path(name), path("raw")));
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
        fs::remove(path("raw"));
    }

    void write_raw(const std::string& name, std::uint64_t size)
    {
        auto raw = open_file(path(name), FileMode::create);
        raw->truncate(size);
        for (const auto& [offset, data] : contents_.units()) {
            raw->write_at(offset, data);
        }
    }

    /// libvhdi finds what was written in the given ranges of a chain, leaf first.
    void expect_libvhdi(const std::vector<std::string>& names,
                        const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges)
    {
        std::string list;
        Bytes expected;
        for (const auto& [offset, length] : ranges) {
            list += fmt::format("{}{}:{}", list.empty() ? "" : ",", offset, length);
            const Bytes piece = contents_.get(offset, length);
            expected.insert(expected.end(), piece.begin(), piece.end());
        }
        std::string files;
        for (const auto& name : names) {
            files += " " + path(name);
        }
        std::ofstream{path("read.py")} << libvhdi_script;
        const Ran ran = run(
            fmt::format("/usr/bin/python3 {} {} {}{}", path("read.py"), path("out"), list, files));
        ASSERT_EQ(ran.exit_code, 0) << ran.output;
        ASSERT_EQ(fs::file_size(path("out")), expected.size());
        const auto out = open_file(path("out"), FileMode::read);
        EXPECT_TRUE(read_bytes(*out, 0, expected.size()) == expected) << "libvhdi reads other data";
    }

    static const char* driver(Format format) { return format == Format::vhd ? "vpc" : "vhdx"; }

    fs::path folder_;
    std::unique_ptr<Random> random_ = seeded_random(31);
    Contents contents_;
};

TEST_F(Readers, see_what_was_written_and_grown)
{
    int i = 0;
    for (const Format format : {Format::vhd, Format::vhdx}) {
        for (const Kind kind : {Kind::fixed, Kind::dynamic}) {
            const std::string name = fmt::format("disk{}", i++);
            contents_ = Contents{};
            make(name,
                 {.format = format, .kind = kind, .size = ByteSize::mib(20), .created = test_time});
            scribble_into(name);
            expect_qemu_size(name, format, 20 * mib);
            for (const std::uint64_t size : {21 * mib, 70 * mib}) {
                writer(name)->grow(ByteSize::bytes(size));
                scribble_into(name);
                expect_qemu_size(name, format, size);
                expect_qemu_contents(name, format, size);
                // libvhdi takes a VHD's original size for its size.
                expect_libvhdi({name}, {{0, format == Format::vhd ? 20 * mib : size}});
            }
        }
    }
}

TEST_F(Readers, see_disks_whose_tables_moved)
{
    make("a.vhd", {.format = Format::vhd, .size = ByteSize::gib(1), .created = test_time});
    scribble_into("a.vhd");
    writer("a.vhd")->grow(ByteSize::gib(2040));
    scribble_into("a.vhd");
    expect_qemu_size("a.vhd", Format::vhd, 2040 * gib);
    make("a.vhdx", {.size = ByteSize::gib(100), .block_size = ByteSize::mib(1)});
    writer("a.vhdx")->grow(ByteSize::gib(300));
    expect_qemu_size("a.vhdx", Format::vhdx, 300 * gib);
    scribble_into("a.vhdx");
    expect_qemu_size("a.vhdx", Format::vhdx, 300 * gib);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const auto& [offset, data] : contents_.units()) {
        if (offset < gib) {
            ranges.emplace_back(offset, data.size());
        }
    }
    expect_libvhdi({"a.vhd"}, ranges);
}

TEST_F(Readers, see_4096_byte_sectors)
{
    make("a.vhdx",
         {.size = ByteSize::mib(50), .block_size = ByteSize::mib(2), .logical_sector_size = 4096});
    scribble_into("a.vhdx", 40);
    expect_libvhdi({"a.vhdx"}, {{0, 50 * mib}});
}

TEST_F(Readers, see_chains_of_three)
{
    for (const std::string end : {".vhd", ".vhdx"}) {
        contents_ = Contents{};
        make("base" + end, {.format = *format_named("x" + end),
                            .size = ByteSize::mib(41),
                            .block_size = ByteSize::mib(2),
                            .created = test_time});
        scribble_into("base" + end, 25);
        make_child("child" + end, "base" + end);
        scribble_into("child" + end, 25, chain_options());
        make_child("leaf" + end, "child" + end);
        scribble_into("leaf" + end, 25, chain_options());
        expect_libvhdi({"leaf" + end, "child" + end, "base" + end}, {{0, 41 * mib}});

        const Ran facts = run("vhdiinfo " + path("leaf" + end));
        EXPECT_EQ(facts.exit_code, 0) << facts.output;
        const Info parent = info(*open_file(path("child" + end), FileMode::read));
        EXPECT_NE(facts.output.find(parent.link_id.lower()), std::string::npos) << facts.output;
        EXPECT_NE(facts.output.find("child" + end), std::string::npos) << facts.output;

        auto leaf = open(open_file(path("leaf" + end), FileMode::read), chain_options());
        for (const std::string target : {"copy.vhd", "copy.vhdx"}) {
            const Format format = *format_named(target);
            const std::string name = end + target;
            copy(*leaf, *open_file(path(name), FileMode::create),
                 {.format = format, .created = test_time}, *random_);
            expect_qemu_size(name, format, 41 * mib);
            expect_qemu_contents(name, format, 41 * mib);
        }
    }
}

TEST_F(Readers, see_the_same_in_converted_disks)
{
    make("a.vhd", {.format = Format::vhd,
                   .kind = Kind::fixed,
                   .size = ByteSize::mib(33),
                   .created = test_time});
    scribble_into("a.vhd", 40);
    const auto from = open(open_file(path("a.vhd"), FileMode::read), {.format = Format::vhd});
    for (const Kind kind : {Kind::fixed, Kind::dynamic}) {
        const std::string name = fmt::format("{}.vhdx", to_string(kind));
        copy(*from, *open_file(path(name), FileMode::create), {.kind = kind}, *random_);
        const Ran ran =
            run(fmt::format("qemu-img compare -f vpc -F vhdx {} {}", path("a.vhd"), path(name)));
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
    }
}

TEST_F(Readers, made_files_that_we_read_write_and_grow)
{
    const auto random = seeded_random(8);
    for (int i = 0; i < 30; ++i) {
        contents_.put(random->below(30 * mib / 4096) * 4096, random_bytes(*random, 4096));
    }
    write_raw("in", 30 * mib);
    for (const std::string& options :
         {std::string{"-O vpc -o force_size=on"},
          std::string{"-O vpc -o force_size=on,subformat=fixed"},
          std::string{"-O vhdx -o subformat=dynamic"}, std::string{"-O vhdx -o subformat=fixed"}}) {
        const Ran made =
            run(fmt::format("qemu-img convert -f raw {} {} {}", options, path("in"), path("out")));
        ASSERT_EQ(made.exit_code, 0) << made.output;
        const Contents before = contents_;
        const Format format = info(*open_file(path("out"), FileMode::read)).format;
        EXPECT_EQ(differences(*writer("out"), contents_), "") << options;
        scribble_into("out");
        writer("out")->grow(ByteSize::mib(90));
        scribble_into("out");
        expect_qemu_size("out", format, 90 * mib);
        expect_qemu_contents("out", format, 90 * mib);
        fs::remove(path("out"));
        contents_ = before;
    }
}

/// Cuts the power when told to: later changes reach nobody.
class CutFile final : public File
{
public:
    CutFile(File& file, const bool& is_cut) : file_(file), is_cut_(is_cut) {}
    std::uint64_t size() override { return file_.size(); }
    void read_at(std::uint64_t offset, ByteSpan into) override { file_.read_at(offset, into); }
    void write_at(std::uint64_t offset, ByteView data) override
    {
        if (!is_cut_) {
            file_.write_at(offset, data);
        }
    }
    void write_zeros(std::uint64_t offset, std::uint64_t length) override
    {
        file_.write_zeros(offset, length);
    }
    void truncate(std::uint64_t size) override { file_.truncate(size); }
    void flush() override {}
    bool has_data(std::uint64_t offset, std::uint64_t length) override
    {
        return file_.has_data(offset, length);
    }

private:
    File& file_;
    const bool& is_cut_;
};

TEST_F(Readers, replay_a_log_that_we_left)
{
    MemoryFile file = make_disk({.size = ByteSize::mib(70)});
    {
        bool is_cut = false;
        CutFile cut{file, is_cut};
        auto disk = open_writable(borrowed(cut), *random_);
        scribble(*disk, contents_, *random_, 20);
        disk->grow(ByteSize::mib(90));
        is_cut = true;
        disk->close();
    }
    EXPECT_TRUE(info(file).needs_replay);
    EXPECT_EQ(differences(*open(borrowed(file)), contents_), "");
    // The entry counts, not what is in its place.
    auto damaged = file;
    damaged.write_zeros(2 * mib + 64 * kib, 4096);
    EXPECT_EQ(differences(*open(borrowed(damaged)), contents_), "");
    save(damaged, "a.vhdx");
    EXPECT_NE(run("qemu-img info -f vhdx " + path("a.vhdx")).exit_code, 0);
    const Ran repaired = run("qemu-img check -f vhdx -r all " + path("a.vhdx"));
    EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
    expect_qemu_contents("a.vhdx", Format::vhdx, 90 * mib);

    writer("a.vhdx")->close();
    EXPECT_FALSE(info(*open_file(path("a.vhdx"), FileMode::read)).needs_replay);
    open_writable(borrowed(damaged), *random_)->close();
    EXPECT_FALSE(info(damaged).needs_replay);
    EXPECT_EQ(differences(*open(borrowed(damaged)), contents_), "");
}

} // namespace
} // namespace watari::vhd
