#include "cim/dump.hpp"

#include "cim/cim_xml.hpp"
#include "cim/class_xml.hpp"
#include "core/error.hpp"
#include "messages/cim.hpp"

#include <algorithm>
#include <system_error>

namespace watari::cim {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_name = "dump.xml";
constexpr std::string_view classes_name = "classes.cimxml";
constexpr std::string_view instances_name = "instances";
constexpr std::string_view extension = ".cimxml";
constexpr std::string_view format = "1";
constexpr std::uintmax_t manifest_bytes_max = 1U << 20;

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// "root/virtualization/v2" as a folder.
std::string folder_for(std::string_view ns)
{
    std::string name{ns};
    std::ranges::replace_if(name, [](char c) { return !is_plain(c); }, '_');
    return name;
}

[[noreturn]] void fail_damaged(const fs::path& file, std::uint64_t line, std::string why)
{
    throw Error{ErrorKind::invalid, message::dump_damaged{.file = file.string(),
                                                          .line = std::to_string(line),
                                                          .why = std::move(why)}};
}

/// Gives each line to `take`; what it throws names file and line.
template <class Take>
void each_line(const fs::path& path, const Take& take)
{
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw Error{ErrorKind::not_found, message::dump_not_there{.path = path.string()}};
    }
    std::string line;
    for (std::uint64_t number = 1; std::getline(file, line); ++number) {
        if (line.empty()) {
            continue;
        }
        std::string why;
        try {
            take(line);
            continue;
        } catch (const Error& error) {
            why = error.what();
        }
        fail_damaged(path, number, std::move(why));
    }
}

void read_namespace(const fs::path& folder, const DumpReader& reader)
{
    each_line(folder / classes_name, [&](const std::string& line) {
        auto declaration = class_from_xml(line);
        if (reader.on_class) {
            reader.on_class(std::move(declaration));
        }
    });
    std::vector<fs::path> files;
    std::error_code missing; // a namespace without instances has no such folder
    for (const auto& entry : fs::directory_iterator{folder / instances_name, missing}) {
        if (entry.path().extension() == extension) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    for (const fs::path& file : files) {
        each_line(file, [&](const std::string& line) {
            auto instance = from_cim_xml(line);
            if (reader.on_instance) {
                reader.on_instance(std::move(instance));
            }
        });
    }
}

std::string manifest_text(const fs::path& path)
{
    std::error_code failure;
    const auto size = fs::file_size(path, failure);
    if (failure) {
        throw Error{ErrorKind::not_found, message::dump_not_there{.path = path.string()}};
    }
    if (size > manifest_bytes_max) {
        fail_damaged(path, 1, "too large");
    }
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string text_of(const xml::Element& element, std::string_view attribute)
{
    return std::string{element.attribute("", attribute).value_or("")};
}

DumpedHost read_manifest(const fs::path& folder, const DumpReader& reader)
{
    const auto document = xml::Document::parse(manifest_text(folder / manifest_name));
    const xml::Element& root = document.root();
    if (root.name() != "dump" || text_of(root, "format") != format) {
        fail_damaged(folder / manifest_name, 1, "not a dump of this version");
    }
    const DumpedHost host{.product_vendor = text_of(root, "vendor"),
                          .product_version = text_of(root, "version"),
                          .protocol_version = text_of(root, "protocol")};
    for (const xml::Element& element : root.children()) {
        const std::string ns = text_of(element, "name");
        const std::string name = text_of(element, "folder");
        if (ns.empty() || name.empty() || !std::ranges::all_of(name, is_plain)) {
            fail_damaged(folder / manifest_name, 1, "a namespace without name or folder");
        }
        if (reader.on_namespace) {
            reader.on_namespace(ns);
        }
        read_namespace(folder / name, reader);
    }
    return host;
}

} // namespace

DumpWriter::DumpWriter(fs::path folder) : folder_(std::move(folder))
{
    std::error_code failure;
    fs::create_directories(folder_, failure);
    if (failure) {
        throw Error{ErrorKind::invalid,
                    message::dump_not_writable{.path = folder_.string(), .why = failure.message()}};
    }
    if (!fs::is_empty(folder_)) {
        throw Error{ErrorKind::conflict, message::dump_folder_not_empty{.path = folder_.string()}};
    }
}

void DumpWriter::open(std::ofstream& file, const fs::path& path) const
{
    file = std::ofstream{path, std::ios::binary};
    if (!file) {
        throw Error{ErrorKind::exhausted,
                    message::dump_not_writable{.path = path.string(), .why = "cannot be opened"}};
    }
}

void DumpWriter::write(std::ofstream& file, std::string_view line) const
{
    file << line << '\n';
    if (!file) {
        throw Error{ErrorKind::exhausted, message::dump_not_writable{.path = folder_.string(),
                                                                     .why = "cannot be written"}};
    }
}

void DumpWriter::begin_namespace(std::string_view ns)
{
    std::string name = folder_for(ns);
    while (std::ranges::any_of(namespaces_,
                               [&](const Place& place) { return place.folder == name; })) {
        name += '_';
    }
    instance_file_.close();
    instance_path_.clear();
    fs::create_directories(folder_ / name / instances_name);
    open(class_file_, folder_ / name / classes_name);
    namespaces_.push_back({std::string{ns}, std::move(name)});
}

void DumpWriter::add(const ClassDeclaration& declaration)
{
    write(class_file_, to_class_xml(declaration));
    ++classes_;
}

void DumpWriter::begin_instances(std::string_view class_name)
{
    if (class_name.empty() || !std::ranges::all_of(class_name, is_plain)) {
        throw Error{ErrorKind::invalid, message::dump_class_name{.name = std::string{class_name}}};
    }
    instance_file_.close();
    instance_path_ = folder_ / namespaces_.back().folder / instances_name /
                     (std::string{class_name} + std::string{extension});
}

void DumpWriter::add(const Instance& instance)
{
    if (!instance_file_.is_open()) {
        open(instance_file_, instance_path_);
    }
    write(instance_file_, to_cim_xml_with_nulls(instance));
    ++instances_;
}

void DumpWriter::finish(const DumpedHost& host)
{
    xml::Writer out;
    out.open("dump").attribute("format", format);
    out.attribute("vendor", host.product_vendor).attribute("version", host.product_version);
    out.attribute("protocol", host.protocol_version);
    for (const Place& place : namespaces_) {
        out.open("namespace").attribute("name", place.ns).attribute("folder", place.folder).close();
    }
    out.close();
    class_file_.flush();
    instance_file_.close();
    std::ofstream file;
    open(file, folder_ / manifest_name);
    write(file, out.take());
}

DumpedHost read_dump(const fs::path& folder, const DumpReader& reader)
{
    std::string why;
    try {
        return read_manifest(folder, reader);
    } catch (const Error& error) {
        if (!error.code().starts_with("xml_")) {
            throw;
        }
        why = error.what();
    }
    fail_damaged(folder / manifest_name, 1, std::move(why));
}

} // namespace watari::cim
