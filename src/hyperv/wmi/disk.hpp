#pragma once

#include "hyperv/wmi/errors.hpp"

#include <concepts>
#include <optional>
#include <string>

/// Making and growing disk files.
namespace watari::hyperv::wmi {

/// Msvm_ImageManagementService in one namespace's own words.
template <class Images>
concept IsImageService =
    requires(Act& act, const NewDisk& disk, const DiskFacts& facts, HostPath path) {
        // In one request; file size and use may be left out. nullopt: there is no such file.
        { Images::read(act, path) } -> std::same_as<Task<std::optional<DiskFacts>>>;
        // With file size and use.
        { Images::find(act, path) } -> std::same_as<Task<std::optional<DiskFacts>>>;
        { Images::make(act, disk) } -> std::same_as<Task<Done>>;
        { Images::resize(act, path, ByteSize{}) } -> std::same_as<Task<Done>>;
        // Whether hosts refuse to make this file smaller and to grow it where its kind never grows,
        // and nothing but its path is needed to see whether it may grow.
        { Images::never_shrinks(path) } -> std::same_as<bool>;
        // Throws conflict when the disk is open, or a checkpoint or child depends on it.
        { Images::require_growable(act, facts) } -> std::same_as<Task<>>;
        { Images::read_held_disks(act) } -> std::same_as<Task<HeldDisks>>;
    };

/// Refuses what no host of these capabilities makes. Throws invalid, unsupported.
void check(const Act& act, const NewDisk& disk);
/// Throws invalid unless a whole number of sectors.
void require_sectors(ByteSize size);
/// Throws conflict when the disk is larger already, or of a kind that never grows.
void require_may_grow(const Act& act, const DiskFacts& disk, ByteSize size);

/// A chain longer than this is broken or a circle.
inline constexpr int chain_max = 64;

/// Whether one of the chain's parents is `path`: one request per file of the chain.
template <class Images>
Task<bool> descends_from(Act& act, HostPath child, HostPath path)
{
    for (int i = 0; i < chain_max && !child.empty(); ++i) {
        const auto facts = co_await Images::read(act, child);
        if (!facts) {
            co_return false;
        }
        if (same_path(facts->parent, path)) {
            co_return true;
        }
        child = facts->parent;
    }
    co_return false;
}

/// What of `facts` is not as `disk` asks, in words of the schema; empty: all is. Before it grows, a
/// copy has its source's size.
std::string difference(const NewDisk& disk, const DiskFacts& facts, bool before_growing);
/// Throws conflict (message::disk_exists) unless the file is what was asked for and nobody uses it.
/// Of a full copy no size or kind proves that it is complete.
void require_made_earlier(const Act& act, const NewDisk& disk, const DiskFacts& facts);

/// Makes the file and reads it back: two requests; a full copy that grows takes two more.
template <IsImageService Images>
Task<DiskFacts> create_disk(Act& act, NewDisk disk)
{
    check(act, disk);
    std::optional<Done> done;
    std::optional<Error> refused;
    try {
        done = co_await Images::make(act, disk);
    } catch (const Error& error) {
        if (!is_refusal(error)) {
            throw;
        }
        refused = error; // perhaps because an earlier try made it
    }
    auto facts =
        refused ? co_await Images::find(act, disk.path) : co_await Images::read(act, disk.path);
    if (!facts && refused) {
        throw *refused;
    }
    if (!facts) {
        act.require_certain(*done);
        throw_disk_not_as_asked(act, disk.path, "no file");
    }
    if (done && !disk.copy_of.empty()) {
        act.require_certain(*done); // a partial copy may show the size of a whole one
    }
    if (refused) {
        require_made_earlier(act, disk, *facts);
    }
    if (!disk.copy_of.empty() && facts->size < disk.size) {
        co_await Images::resize(act, disk.path, disk.size);
        facts = co_await Images::read(act, disk.path);
        if (!facts) {
            throw_disk_missing(act, disk.path);
        }
    }
    if (auto what = difference(disk, *facts, false); !what.empty()) {
        throw_disk_not_as_asked(act, disk.path, std::move(what));
    }
    co_return std::move(*facts);
}

/// After a refusal to grow a disk nobody had looked at: it is there as asked, or what the host has
/// tells why. nullopt: it does not.
std::optional<DiskFacts> explain(const Act& act, const GrowDisk& wanted,
                                 const std::optional<DiskFacts>& facts);
/// What was read back is what was asked; throws by how certain `done` is.
DiskFacts require_grown(const Act& act, const GrowDisk& wanted, const Done& done,
                        std::optional<DiskFacts> facts);

/// Who holds it, grow, read back: three requests, for disks that no host shrinks.
template <IsImageService Images>
Task<DiskFacts> grow_known_disk(Act& act, GrowDisk disk)
{
    co_await Images::require_growable(act, {.path = disk.path, .size = *disk.recorded});
    std::optional<Done> done;
    std::optional<Error> refused;
    try {
        done = co_await Images::resize(act, disk.path, disk.size);
    } catch (const Error& error) {
        if (!is_refusal(error) && error.kind() != ErrorKind::unsupported) {
            throw;
        }
        refused = error;
    }
    auto facts = co_await Images::read(act, disk.path);
    if (!refused) {
        co_return require_grown(act, disk, *done, std::move(facts));
    }
    if (auto there = explain(act, disk, facts)) {
        co_return std::move(*there);
    }
    throw *refused;
}

/// Size and kind, who holds it, grow, read back: four requests, or three where the recorded size is
/// enough to go by; more on hosts with checkpoints.
template <IsImageService Images>
Task<DiskFacts> grow_disk(Act& act, GrowDisk disk)
{
    require_local(disk.path);
    require_sectors(disk.size);
    if (Images::never_shrinks(disk.path) && disk.recorded && *disk.recorded < disk.size) {
        co_return co_await grow_known_disk<Images>(act, disk);
    }
    auto facts = co_await Images::read(act, disk.path);
    if (!facts) {
        throw_disk_missing(act, disk.path);
    }
    if (facts->size == disk.size) {
        co_return std::move(*facts);
    }
    require_may_grow(act, *facts, disk.size);
    co_await Images::require_growable(act, *facts);
    const Done done = co_await Images::resize(act, disk.path, disk.size);
    co_return require_grown(act, disk, done, co_await Images::read(act, disk.path));
}

} // namespace watari::hyperv::wmi
