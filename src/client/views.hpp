#pragma once

#include "client/operation_text.hpp"

namespace watari::client {

/// What a person sees of each answer.
std::string text_of(const contract::HostList& list, const TextStyle& style);
std::string text_of(const contract::Host& host, const TextStyle& style);
std::string text_of(const contract::StorageList& list, const TextStyle& style);
std::string text_of(const contract::ImageList& list, const TextStyle& style);
std::string text_of(const contract::Image& image, const TextStyle& style);
std::string text_of(const contract::PlanList& list, const TextStyle& style);
std::string text_of(const contract::NetworkList& list, const TextStyle& style);
std::string text_of(const contract::VmList& list, const TextStyle& style);
std::string text_of(const contract::Vm& vm, const TextStyle& style);
std::string text_of(const contract::OperationList& list, const TextStyle& style);

} // namespace watari::client
