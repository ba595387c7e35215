#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <time.h>

/// What the measuring programs share.
namespace watari::bench {

/// One row of the table: what was measured beside its goal.
struct Measurement {
    std::string row;
    std::string goal;
    double measured = 0;
    std::string unit;
    std::string how;
    std::optional<bool> met = {}; ///< none: shown beside another row, without a goal of its own
    boost::json::object details = {};
};

inline void print(const Measurement& row)
{
    boost::json::object json{{"row", row.row},   {"goal", row.goal}, {"measured", row.measured},
                             {"unit", row.unit}, {"how", row.how},   {"met", nullptr}};
    if (row.met) {
        json["met"] = *row.met;
    }
    if (!row.details.empty()) {
        json["details"] = row.details;
    }
    std::cout << boost::json::serialize(json) << std::endl;
}

class Stopwatch
{
public:
    double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Processor time of the calling thread: what work on one thread costs, whoever else runs.
class ThreadStopwatch
{
public:
    double seconds() const { return now() - start_; }

private:
    static double now()
    {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }

    double start_ = now();
};

/// Of a list that is not empty; `share` 0.5 is the median.
inline double quantile(std::vector<double> values, double share)
{
    std::ranges::sort(values);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
    return values.at(std::min(at, values.size() - 1));
}

inline double median(std::vector<double> values)
{
    return quantile(std::move(values), 0.5);
}

/// Runs the loop until `task` has ended; other tasks of the loop stay as they are.
template <class T>
T run(boost::asio::io_context& loop, Task<T> task)
{
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
    const auto keep = [&](std::exception_ptr thrown, auto... value) {
        failure = thrown;
        if constexpr (sizeof...(value) > 0) {
            result.emplace(std::move(value)...);
        }
        loop.stop();
    };
    loop.restart();
    boost::asio::co_spawn(loop, std::move(task), keep);
    loop.run();
    if (failure) {
        std::rethrow_exception(failure);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

/// A new folder below `where`, gone with everything in it at the end.
class Folder
{
public:
    explicit Folder(const std::filesystem::path& where)
    {
        std::filesystem::create_directories(where);
        std::string name = (where / "bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::filesystem::filesystem_error{"mkdtemp", where,
                                                    std::make_error_code(std::errc::io_error)};
        }
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Databases of fsynced rows lie where scripts/bench says, on a real disk.
inline std::filesystem::path work_folder(int argc, char** argv)
{
    return argc > 1 ? argv[1] : ".";
}

} // namespace watari::bench
