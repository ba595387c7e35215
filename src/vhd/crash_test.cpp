#include "vhd/disk_testing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

namespace watari::vhd {
namespace {

/// Passes everything on and remembers it, so that every state a crash could leave can be made
/// afterwards.
class RecordingFile final : public File
{
public:
    enum class Act { write, zeros, truncate, flush };
    struct Change {
        Act act = Act::flush;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        Bytes data;
    };

    explicit RecordingFile(MemoryFile file) : before_(file), file_(std::move(file)) {}

    std::uint64_t size() override { return file_.size(); }
    void read_at(std::uint64_t offset, ByteSpan into) override { file_.read_at(offset, into); }
    void write_at(std::uint64_t offset, ByteView data) override
    {
        file_.write_at(offset, data);
        changes_.push_back(
            {.act = Act::write, .offset = offset, .data = Bytes(data.begin(), data.end())});
    }
    void write_zeros(std::uint64_t offset, std::uint64_t length) override
    {
        file_.write_zeros(offset, length);
        changes_.push_back({.act = Act::zeros, .offset = offset, .length = length, .data = {}});
    }
    void truncate(std::uint64_t size) override
    {
        file_.truncate(size);
        changes_.push_back({.act = Act::truncate, .offset = size, .data = {}});
    }
    void flush() override { changes_.push_back({.data = {}}); }
    bool has_data(std::uint64_t offset, std::uint64_t length) override
    {
        return file_.has_data(offset, length);
    }

    std::size_t changes() const { return changes_.size(); }
    /// The file if nothing after the first `count` changes persisted.
    MemoryFile stopped_after(std::size_t count) const
    {
        MemoryFile file = before_;
        for (std::size_t i = 0; i < count; ++i) {
            redo(changes_[i], file);
        }
        return file;
    }
    /// The same, but what was not flushed then persisted in parts: some changes not at all, some
    /// writes in some sectors.
    MemoryFile torn_after(std::size_t count, Random& random) const
    {
        std::size_t flushed = count;
        while (flushed > 0 && changes_[flushed - 1].act != Act::flush) {
            --flushed;
        }
        MemoryFile file = stopped_after(flushed);
        for (std::size_t i = flushed; i < count; ++i) {
            switch (random.below(3)) {
            case 0:
                break;
            case 1:
                redo(changes_[i], file);
                break;
            default:
                redo_some_sectors(changes_[i], file, random);
                break;
            }
        }
        return file;
    }

private:
    static void redo(const Change& change, MemoryFile& file)
    {
        switch (change.act) {
        case Act::write:
            file.write_at(change.offset, change.data);
            break;
        case Act::zeros:
            file.write_zeros(change.offset, change.length);
            break;
        case Act::truncate:
            file.truncate(change.offset);
            break;
        case Act::flush:
            break;
        }
    }

    static void redo_some_sectors(const Change& change, MemoryFile& file, Random& random)
    {
        for (std::size_t at = 0; at < change.data.size(); at += 512) {
            if (random.below(2) == 0) {
                const std::size_t length = std::min<std::size_t>(512, change.data.size() - at);
                file.write_at(change.offset + at, ByteView{change.data}.subspan(at, length));
            }
        }
    }

    MemoryFile before_;
    MemoryFile file_;
    std::vector<Change> changes_;
};

/// One change of a disk, and what is true before and after it.
struct Case {
    std::string name;
    NewDisk disk;
    std::function<void(Disk&)> act;
    std::uint64_t size_after = 0;
    Contents written =
        Contents{512}; ///< by the act: each sector is as before or as here after a crash
    bool is_child = false;
};

Bytes filled(std::size_t length, std::uint8_t value)
{
    return Bytes(length, value);
}

Case growing(std::string name, const NewDisk& disk, std::uint64_t size)
{
    return {.name = std::move(name),
            .disk = disk,
            .act = [size](Disk& open_disk) { open_disk.grow(ByteSize::bytes(size)); },
            .size_after = size};
}

Case writing(std::string name, const NewDisk& disk, std::uint64_t offset, std::size_t length)
{
    Case made{.name = std::move(name),
              .disk = disk,
              .act = [=](Disk& open_disk) { open_disk.write(offset, filled(length, 0xA5)); },
              .size_after = disk.size.in_bytes()};
    made.written.put(offset, filled(length, 0xA5));
    return made;
}

std::vector<Case> cases()
{
    const auto size = ByteSize::mib(9);
    const NewDisk vhd_fixed{.format = Format::vhd, .kind = Kind::fixed, .size = size};
    const NewDisk vhd{.format = Format::vhd, .size = size};
    const NewDisk vhdx_fixed{.kind = Kind::fixed, .size = size, .block_size = ByteSize::mib(1)};
    const NewDisk vhdx{.size = size, .block_size = ByteSize::mib(1)};
    std::vector<Case> all{
        growing("grow a fixed VHD", vhd_fixed, 15 * mib),
        growing("grow a fixed VHD by a sector", vhd_fixed, 9 * mib + 512),
        growing("grow a dynamic VHD inside its table", vhd, 30 * mib),
        growing("grow a dynamic VHD with a new table", vhd, 2 * gib),
        growing("grow a fixed VHDX", vhdx_fixed, 15 * mib),
        growing("grow a dynamic VHDX", vhdx, 15 * mib),
        growing("grow a dynamic VHDX with a new BAT",
                {.size = ByteSize::gib(127), .block_size = ByteSize::mib(1)}, 129 * gib),
        writing("allocate in a VHD", vhd, 3 * mib, 3 * mib),
        writing("allocate in a VHDX", vhdx, 3 * mib - 8192, 2 * mib),
    };
    for (const NewDisk& parent : {vhd, vhdx}) {
        const std::string format{to_string(parent.format)};
        all.push_back(writing("allocate in a child " + format, parent, 3 * mib - 8192, 3 * mib));
        all.back().is_child = true;
        all.push_back(writing("write a sector of a child " + format, parent, 5 * mib / 4, 512));
        all.back().is_child = true;
    }
    all.push_back(growing("grow a child VHDX", vhdx, 300 * mib));
    all.back().is_child = true;
    return all;
}

class Crash : public testing::TestWithParam<std::size_t>
{
protected:
    Crash()
    {
        auto base = open_writable(borrowed(base_), *random_);
        scribble(*base, contents_, *random_, 8);
        base->close();
        before_ = case_.is_child ? make_child(base_, 3, "base") : base_;
        if (case_.is_child) {
            auto child = open_writable(borrowed(before_), *random_, options());
            scribble(*child, contents_, *random_, 4);
        }
        after_ = sum_of_writes();
    }

    OpenOptions options() { return {.parents = parents_among({{"base", &base_}})}; }

    /// The disk has its old or its new size, all old data, and of the new data any sector or not.
    void check(const MemoryFile& left, const std::string& what)
    {
        MemoryFile file = left;
        const auto random = seeded_random(77);
        std::uint64_t size = 0;
        {
            auto reader = open(borrowed(file), options());
            size = reader->size().in_bytes();
            EXPECT_TRUE(size == case_.disk.size.in_bytes() || size == case_.size_after)
                << what << " has " << size;
            EXPECT_EQ(old_or_new(*reader), "") << what;
        }
        auto disk = open_writable(borrowed(file), *random, options());
        EXPECT_EQ(disk->size().in_bytes(), size) << what;
        EXPECT_EQ(old_or_new(*disk), "") << what;
        case_.act(*disk);
        disk->close();
        disk = open(borrowed(file), options());
        EXPECT_EQ(disk->size().in_bytes(), case_.size_after) << what;
        EXPECT_EQ(differences(*disk, after_), "") << what << ", after the same act again";
    }

    Contents sum_of_writes() const
    {
        Contents sum = contents_;
        for (const auto& [offset, data] : case_.written.units()) {
            sum.put(offset, data);
        }
        return sum;
    }

    std::string old_or_new(Disk& disk) const
    {
        if (case_.written.units().empty()) {
            return differences(disk, contents_);
        }
        const std::uint64_t size = disk.size().in_bytes();
        Bytes found(size);
        disk.read(0, found);
        const Bytes old = contents_.get(0, size);
        const Bytes now = after_.get(0, size);
        for (std::uint64_t at = 0; at < size; at += 512) {
            if (std::memcmp(found.data() + at, old.data() + at, 512) != 0 &&
                std::memcmp(found.data() + at, now.data() + at, 512) != 0) {
                return fmt::format("sector at {} is neither old nor new", at);
            }
        }
        return {};
    }

    Case case_ = cases()[GetParam()];
    std::unique_ptr<Random> random_ = seeded_random(21);
    Contents contents_{512};
    Contents after_;
    MemoryFile base_ = make_disk(case_.disk);
    MemoryFile before_;
};

TEST_P(Crash, at_any_point_leaves_a_good_disk)
{
    SCOPED_TRACE(case_.name);
    RecordingFile file{before_};
    {
        auto disk = open_writable(borrowed(file), *random_, options());
        case_.act(*disk);
        disk->close();
    }
    ASSERT_GT(file.changes(), 2U);
    const auto chance = seeded_random(4);
    for (std::size_t count = 0; count <= file.changes(); ++count) {
        ASSERT_NO_THROW(check(file.stopped_after(count), fmt::format("stopped after {}", count)));
        ASSERT_NO_THROW(
            check(file.torn_after(count, *chance), fmt::format("torn after {}", count)));
        if (HasFailure()) {
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disk, Crash, testing::Range(std::size_t{0}, cases().size()));

/// Fails from the nth change on, as a full volume does.
class FullFile final : public File
{
public:
    FullFile(File& file, std::size_t changes) : file_(file), left_(changes) {}

    std::uint64_t size() override { return file_.size(); }
    void read_at(std::uint64_t offset, ByteSpan into) override { file_.read_at(offset, into); }
    void write_at(std::uint64_t offset, ByteView data) override
    {
        spend();
        file_.write_at(offset, data);
    }
    void write_zeros(std::uint64_t offset, std::uint64_t length) override
    {
        spend();
        file_.write_zeros(offset, length);
    }
    void truncate(std::uint64_t size) override
    {
        spend();
        file_.truncate(size);
    }
    void flush() override {}
    bool has_data(std::uint64_t offset, std::uint64_t length) override
    {
        return file_.has_data(offset, length);
    }

    bool is_full() const { return full_; }

private:
    void spend()
    {
        if (left_ == 0) {
            full_ = true;
            throw Error{ErrorKind::exhausted, {.code = "volume_full", .arguments = {}}};
        }
        --left_;
    }

    File& file_;
    std::size_t left_;
    bool full_ = false;
};

TEST_P(Crash, on_a_full_volume_leaves_a_good_disk_too)
{
    SCOPED_TRACE(case_.name);
    for (std::size_t count = 0;; ++count) {
        MemoryFile left = before_;
        FullFile file{left, count};
        const std::string code = code_of([&] {
            auto disk = open_writable(borrowed(file), *random_, options());
            case_.act(*disk);
            disk->close();
        });
        ASSERT_NO_THROW(check(left, fmt::format("full after {}", count)));
        if (!file.is_full()) {
            EXPECT_EQ(code, "");
            break;
        }
        EXPECT_EQ(code, "volume_full");
    }
}

} // namespace
} // namespace watari::vhd
