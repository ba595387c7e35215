#include "wsman/codec/codec.hpp"

#include "core/error.hpp"
#include "wsman/codec/test_messages.hpp"

#include <gtest/gtest.h>

namespace watari::wsman {
namespace {

using namespace testing_support;
using boost::json::object;

const std::string folder = WATARI_SOURCE_DIR "/src/wsman/testdata/";

const boost::json::array& cases()
{
    static const boost::json::value all = boost::json::parse(file_text(folder + "cases.json"));
    return all.at("cases").as_array();
}

bool is_wanted(const object& row, std::string_view name)
{
    const auto* flag = row.if_contains(name);
    return flag == nullptr || flag->as_bool();
}

std::string file_of(const object& row, std::string_view name)
{
    return file_text(folder + std::string{row.at(name).as_string()});
}

std::string id_of(const object& row)
{
    return std::string{row.at("id").as_string()};
}

TEST(Vectors, every_request_decodes_to_what_the_table_says)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        const auto decoded = decode_request(file_of(row.as_object(), "request"), some_types());
        if (const auto* refusal = row.as_object().if_contains("refusal")) {
            ASSERT_TRUE(decoded.refusal);
            EXPECT_EQ(difference(*refusal, dump(Response{.body = *decoded.refusal})), "");
            continue;
        }
        EXPECT_FALSE(decoded.refusal) << decoded.refusal->message;
        EXPECT_EQ(difference(row.at("expect_request"), dump(decoded.request)), "");
    }
}

TEST(Vectors, every_request_is_encoded_again_as_it_came)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        if (!is_wanted(row.as_object(), "reencode_request")) {
            continue;
        }
        const std::string bytes = file_of(row.as_object(), "request");
        EXPECT_EQ(canonical(encode(decode_request(bytes, some_types()).request)), canonical(bytes));
    }
}

TEST(Vectors, every_answer_decodes_to_what_the_table_says)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        const std::string bytes = file_of(row.as_object(), "answer");
        const object& expected = row.at("expect_answer").as_object();
        try {
            const Response response = decode_response(bytes, some_types());
            EXPECT_EQ(difference(expected, dump(response)), "");
        } catch (const Error& error) {
            ASSERT_TRUE(expected.contains("error")) << error.what();
            EXPECT_EQ(error.code(), expected.at("error").as_string());
            EXPECT_EQ(error.kind(), ErrorKind::invalid);
        }
    }
}

TEST(Vectors, every_answer_is_encoded_again_as_it_came)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        if (row.at("expect_answer").as_object().contains("error") ||
            id_of(row.as_object()) == "V56" || !is_wanted(row.as_object(), "reencode_answer")) {
            continue; // not SOAP, or headers in another order
        }
        const std::string bytes = file_of(row.as_object(), "answer");
        const auto request = decode_request(file_of(row.as_object(), "request"), some_types());
        const EncodeOptions options{.resource_uri = request.request.header.resource_uri};
        const std::string encoded = encode(decode_response(bytes, some_types()), options);
        EXPECT_EQ(canonical(encoded), canonical(bytes));
    }
}

TEST(Vectors, every_answer_relates_to_its_request)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        if (row.at("expect_answer").as_object().contains("error")) {
            continue;
        }
        const auto request = decode_request(file_of(row.as_object(), "request"), cim::untyped());
        const Response answer = decode_response(file_of(row.as_object(), "answer"), cim::untyped());
        EXPECT_EQ(answer.relates_to, request.request.header.message_id);
    }
}

TEST(Vectors, nothing_breaks_when_a_message_is_cut_anywhere)
{
    for (const auto& row : cases()) {
        SCOPED_TRACE(id_of(row.as_object()));
        const std::string request = file_of(row.as_object(), "request");
        const std::string answer = file_of(row.as_object(), "answer");
        for (std::size_t length = 0; length + 10 < request.size(); length += 97) {
            EXPECT_TRUE(decode_request(request.substr(0, length), some_types()).refusal);
        }
        for (std::size_t length = 0; length + 10 < answer.size(); length += 97) {
            EXPECT_THROW(decode_response(answer.substr(0, length), some_types()), Error);
        }
    }
}

} // namespace
} // namespace watari::wsman
