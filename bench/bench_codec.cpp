// A Pull answer of one megabyte: read into typed values, and only parsed by libxml2.
//
// usage: bench_codec
#include "bench/bench.hpp"
#include "schema/catalogue.hpp"
#include "wsman/codec/codec.hpp"

#include <fmt/format.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <cstring>
#include <stdexcept>

namespace {

using namespace watari;
using namespace watari::bench;

constexpr std::size_t answer_bytes = 1'000'000;
constexpr int rounds = 60;
constexpr int warm_up = 10;
constexpr std::string_view class_name = "Msvm_ComputerSystem";

cim::Value sample(const schema::PropertyInfo& property, std::size_t number)
{
    switch (property.type) {
    case cim::Type::string:
        return fmt::format("{} of machine {:04}", property.name, number);
    case cim::Type::boolean:
        return number % 2 == 0;
    case cim::Type::datetime:
        return cim::DateTime::moment(WallTime{std::chrono::seconds{1'700'000'000 + number}});
    case cim::Type::reference:
    case cim::Type::object:
    case cim::Type::char16:
    case cim::Type::real32:
    case cim::Type::real64:
        return {};
    default:
        return static_cast<std::uint64_t>(number % 100);
    }
}

/// An instance with every property of its class, as a host gives it.
cim::Instance machine(const schema::ClassInfo& info, std::size_t number)
{
    cim::Instance instance{std::string{class_name}};
    for (const auto& property : info.properties) {
        cim::Value value = sample(property, number);
        if (property.is_array && !value.is_null()) {
            value = cim::Value{cim::Value::Array{std::move(value)}};
        }
        instance.set({.name = property.name,
                      .type = property.type,
                      .is_array = property.is_array,
                      .value = std::move(value)});
    }
    return instance;
}

std::string pull_answer(const schema::Catalogue& types)
{
    const auto* info = types.find(class_name);
    if (info == nullptr) {
        throw std::runtime_error{"the catalogue lacks Msvm_ComputerSystem"};
    }
    wsman::ItemsResponse items{.is_pull = true,
                               .has_items = true,
                               .context = "uuid:1",
                               .items = {},
                               .end_of_sequence = false};
    const auto one = wsman::encode_instance(machine(*info, 0), schema::v2_namespace).size();
    for (std::size_t number = 0; number < answer_bytes / one; ++number) {
        items.items.push_back({machine(*info, number), {}});
    }
    wsman::Response response{.action =
                                 "http://schemas.xmlsoap.org/ws/2004/09/enumeration/PullResponse",
                             .message_id = "uuid:00000000-0000-0000-0000-000000000001",
                             .relates_to = "uuid:00000000-0000-0000-0000-000000000002",
                             .body = std::move(items)};
    return wsman::encode(response,
                         {.resource_uri = wsman::resource_uri(schema::v2_namespace, "*")});
}

void nothing_of_element(void*, const xmlChar*, const xmlChar*, const xmlChar*, int, const xmlChar**,
                        int, int, const xmlChar**)
{
}
void nothing_of_end(void*, const xmlChar*, const xmlChar*, const xmlChar*) {}
void nothing_of_text(void*, const xmlChar*, int) {}

double parse_only(const std::string& bytes)
{
    xmlSAXHandler handler{};
    handler.initialized = XML_SAX2_MAGIC;
    handler.startElementNs = nothing_of_element;
    handler.endElementNs = nothing_of_end;
    handler.characters = nothing_of_text;
    handler.ignorableWhitespace = nothing_of_text;
    handler.cdataBlock = nothing_of_text;
    const ThreadStopwatch watch;
    if (xmlSAXUserParseMemory(&handler, nullptr, bytes.data(), static_cast<int>(bytes.size())) !=
        0) {
        throw std::runtime_error{"libxml2 does not take the answer"};
    }
    return watch.seconds();
}

double decode(const std::string& bytes, const schema::Catalogue& types, std::size_t& items)
{
    const ThreadStopwatch watch;
    const auto response = wsman::decode_response(bytes, types);
    items = std::get<wsman::ItemsResponse>(response.body).items.size();
    return watch.seconds();
}

} // namespace

int main()
{
    const auto* types = schema::Catalogue::any(schema::v2_namespace);
    const std::string bytes = pull_answer(*types);
    std::vector<double> ours;
    std::vector<double> theirs;
    std::size_t items = 0;
    for (int round = 0; round < rounds + warm_up; ++round) {
        const double parsed = parse_only(bytes);
        const double decoded = decode(bytes, *types, items);
        if (round >= warm_up) {
            theirs.push_back(parsed);
            ours.push_back(decoded);
        }
    }
    const double share = 100 * median(theirs) / median(ours);
    const double megabytes = static_cast<double>(bytes.size()) / 1e6;
    print({.row = "decode a 1 MB Pull answer into typed values",
           .goal = ">= 50",
           .measured = share,
           .unit = "%",
           .how = fmt::format("of the speed of libxml2's SAX2 parse with empty callbacks; {} "
                              "objects of {}; medians of {} in turns, processor time",
                              items, class_name, rounds),
           .met = share >= 50,
           .details = {{"bytes", bytes.size()},
                       {"decode_mb_per_second", megabytes / median(ours)},
                       {"libxml2_mb_per_second", megabytes / median(theirs)}}});
}
