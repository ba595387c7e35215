#include "wsman/codec/values.hpp"

namespace watari::wsman {

namespace {

/// Equal names of one document are mostly the same bytes in its dictionary.
bool equal(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && (a.data() == b.data() || a == b);
}

} // namespace

std::size_t TypeCache::OfClass::find(std::string_view name)
{
    const std::size_t count = entries_.size();
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t at = next_ + step < count ? next_ + step : next_ + step - count;
        if (equal(entries_[at].name, name)) {
            next_ = at + 1 == count ? 0 : at + 1;
            return at;
        }
    }
    std::size_t same = 0;
    while (same < count && !cim::same_name(entries_[same].name, name)) {
        ++same;
    }
    entries_.push_back({name,
                        method_.empty() ? source_->property_type(class_name_, name)
                                        : source_->parameter_type(class_name_, method_, name),
                        same});
    next_ = 0;
    return count;
}

TypeCache::OfClass& TypeCache::find(std::string_view class_name, std::string_view method)
{
    const auto fits = [&](const OfClass& types) {
        return types.class_name_ == class_name && types.method_ == method;
    };
    if (last_ != nullptr && fits(*last_)) {
        return *last_;
    }
    for (OfClass& types : classes_) {
        if (fits(types)) {
            last_ = &types;
            return types;
        }
    }
    last_ = &classes_.emplace_back();
    last_->source_ = &source_;
    last_->class_name_ = class_name;
    last_->method_ = method;
    return *last_;
}

} // namespace watari::wsman
