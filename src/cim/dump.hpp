#pragma once

#include "cim/class_declaration.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// A host's classes and instances in a folder: what `watari wmi dump` writes and `hvsim --load`
/// serves.
///
///     dump.xml                          what the host is; namespaces and their folders
///     <folder>/classes.cimxml           one CLASS element per line (DSP0201)
///     <folder>/instances/<Class>.cimxml one INSTANCE element per line, of exactly that class
namespace watari::cim {

struct DumpedHost {
    std::string product_vendor;
    std::string product_version; ///< "OS: 6.3.9600 SP: 0.0 Stack: 3.0"
    std::string protocol_version;
};

/// Writes piece by piece, in constant memory. The manifest comes last: a folder without it is no
/// dump.
class DumpWriter
{
public:
    /// Makes the folder; throws conflict (message::dump_folder_not_empty) when something is in it.
    explicit DumpWriter(std::filesystem::path folder);

    void begin_namespace(std::string_view ns);
    void add(const ClassDeclaration& declaration);
    /// Into the file of that class. Throws invalid (message::dump_class_name) for a name that is
    /// none.
    void begin_instances(std::string_view class_name);
    void add(const Instance& instance);
    void finish(const DumpedHost& host);

    std::uint64_t classes() const noexcept { return classes_; }
    std::uint64_t instances() const noexcept { return instances_; }

private:
    struct Place {
        std::string ns;
        std::string folder;
    };

    void open(std::ofstream& file, const std::filesystem::path& path) const;
    void write(std::ofstream& file, std::string_view line) const;

    std::filesystem::path folder_;
    std::vector<Place> namespaces_;
    std::ofstream class_file_;
    std::filesystem::path instance_path_; ///< made with the first instance
    std::ofstream instance_file_;
    std::uint64_t classes_ = 0;
    std::uint64_t instances_ = 0;
};

/// What reading a dump gives, in the order of the folder.
struct DumpReader {
    std::function<void(const std::string& ns)> on_namespace = {};
    std::function<void(ClassDeclaration)> on_class = {};
    std::function<void(Instance)> on_instance = {};
};

/// Throws not_found (message::dump_not_there), invalid (message::dump_damaged: file, line, why).
DumpedHost read_dump(const std::filesystem::path& folder, const DumpReader& reader);

} // namespace watari::cim
