#include "sim/loaded_host.hpp"

#include "core/error.hpp"
#include "messages/cim.hpp"
#include "schema/catalogue_parts.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace watari::sim {

namespace {

schema::MethodInfo method_info(const cim::MethodDeclaration& declared)
{
    schema::MethodInfo method{.name = declared.name,
                              .returns = declared.returns.value_or(cim::Type::uint32)};
    for (const cim::ElementDeclaration& parameter : declared.parameters) {
        const auto* embedded = parameter.find_qualifier("EmbeddedInstance");
        const auto* class_name = embedded != nullptr ? embedded->value.string() : nullptr;
        method.parameters.push_back({.name = parameter.name,
                                     .type = parameter.type,
                                     .is_array = parameter.is_array,
                                     .in = parameter.is("In"),
                                     .out = parameter.is("Out"),
                                     .reference_class = parameter.reference_class,
                                     .embedded_class = class_name != nullptr ? *class_name : ""});
    }
    return method;
}

std::unique_ptr<schema::ClassEntry> entry_of(const cim::ClassDeclaration& declared)
{
    auto entry = std::make_unique<schema::ClassEntry>();
    schema::ClassInfo& info = entry->info;
    info.name = declared.name;
    info.superclass = declared.superclass;
    info.is_abstract = declared.is("Abstract");
    info.is_association = declared.is("Association");
    info.keys = declared.keys();
    for (const cim::ElementDeclaration& property : declared.properties) {
        entry->properties.emplace(property.name, info.properties.size());
        info.properties.push_back({.name = property.name,
                                   .type = property.type,
                                   .is_array = property.is_array,
                                   .is_key = property.is("Key")});
    }
    for (const cim::MethodDeclaration& method : declared.methods) {
        info.methods.push_back(method_info(method));
    }
    return entry;
}

/// Throws for classes that are their own bases: nothing that walks up would ever end.
void check_bases(const schema::Catalogue::Parts& parts)
{
    for (const auto& [name, entry] : parts.classes) {
        std::set<const schema::ClassEntry*> seen;
        for (const auto* at = entry.get(); at != nullptr; at = parts.find(at->info.superclass)) {
            if (!seen.insert(at).second) {
                throw Error{ErrorKind::invalid,
                            message::dump_damaged{
                                .file = parts.ns,
                                .line = "1",
                                .why = fmt::format("the class {} is its own base", name)}};
            }
        }
    }
}

void finish(LoadedNamespace& loaded)
{
    schema::Catalogue::Parts parts;
    parts.ns = loaded.ns;
    for (const auto& [folded, declaration] : loaded.classes) {
        parts.classes.emplace(declaration->name, entry_of(*declaration));
    }
    check_bases(parts);
    loaded.catalogue = std::make_unique<const schema::Catalogue>(std::move(parts));
}

} // namespace

std::shared_ptr<const LoadedHost> load_host(const std::filesystem::path& folder)
{
    auto loaded = std::make_shared<LoadedHost>();
    cim::DumpReader reader;
    reader.on_namespace = [&](const std::string& ns) {
        loaded->namespaces.push_back({.ns = ns, .catalogue = {}, .classes = {}, .instances = {}});
    };
    reader.on_class = [&](cim::ClassDeclaration declaration) {
        std::string name = cim::folded(declaration.name);
        loaded->namespaces.back().classes.insert_or_assign(
            std::move(name), std::make_shared<const cim::ClassDeclaration>(std::move(declaration)));
    };
    reader.on_instance = [&](cim::Instance instance) {
        loaded->namespaces.back().instances[cim::folded(instance.class_name())].push_back(
            std::move(instance));
    };
    loaded->said = cim::read_dump(folder, reader);
    for (LoadedNamespace& one : loaded->namespaces) {
        finish(one);
    }
    return loaded;
}

std::unique_ptr<Repository> make_repository(Host& host, const LoadedNamespace& loaded)
{
    auto repository = std::make_unique<Repository>(host, *loaded.catalogue);
    for (const auto& [folded, instances] : loaded.instances) {
        ClassProvider provider;
        provider.produce = [all = &instances](const Demand&, const Sink& sink) {
            for (const cim::Instance& instance : *all) {
                sink(instance);
            }
        };
        repository->add(folded, std::move(provider));
    }
    return repository;
}

Generation generation_of(const LoadedHost& loaded)
{
    const std::string& said = loaded.said.product_version;
    if (said.contains("Stack: 2.0")) {
        return Generation::ws2008r2sp1;
    }
    for (const Generation generation : all_generations) {
        if (said.contains(fmt::format("OS: {} ", os_version(generation)))) {
            return generation;
        }
    }
    return Generation::ws2012r2;
}

} // namespace watari::sim
