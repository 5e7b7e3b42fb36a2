// SPDX-License-Identifier: Apache-2.0
#include "tools/dataset/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tools/dataset/input_file.h"

namespace weft::dataset {

namespace {

constexpr int class_limit = 65536;
constexpr std::uint32_t shuffle_stream = 0x63737601;

struct Field {
  std::string text;
  // In characters of the line, from 1.
  std::size_t column = 1;
};

struct Line {
  std::size_t number = 0;
  std::vector<Field> fields;
};

struct Label {
  std::string text;
  std::size_t line = 0;
  std::size_t column = 0;
};

struct Table {
  std::size_t features = 0;
  // Row-major, one row a label.
  std::vector<double> values;
  std::vector<Label> labels;
};

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  Number value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

class Reader {
 public:
  Reader(const std::filesystem::path& path, const CsvOptions& options)
      : path_(path.string()), options_(options), content_(read_input_file(path)) {}

  Table read();
  [[noreturn]] void fail(std::size_t line, std::size_t column, const std::string& what) const {
    throw Error(fmt::format("{}:{}:{}: {}", path_, line, column, what));
  }

 private:
  bool next_line(Line& line);
  std::vector<Field> fields_of(std::string_view text) const;
  Field quoted_field(std::string_view text, std::size_t& position) const;
  void start(const Line& first);
  std::size_t label_index(const Line& first) const;
  bool is_header(const Line& first) const;
  void add(const Line& line, Table& table) const;
  double feature(const Line& line, std::size_t index) const;

  std::string path_;
  const CsvOptions& options_;
  std::string content_;
  std::size_t position_ = 0;
  std::size_t line_number_ = 0;

  std::vector<Field> names_;
  std::size_t field_count_ = 0;
  std::size_t label_ = 0;
};

Table Reader::read() {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (content_.compare(0, byte_order_mark.size(), byte_order_mark) == 0) position_ = byte_order_mark.size();
  Line line;
  if (!next_line(line)) throw Error(fmt::format("{}: found no line, expected samples", path_));
  start(line);
  Table table;
  table.features = field_count_ - 1;
  if (names_.empty()) add(line, table);
  while (next_line(line)) add(line, table);
  if (table.labels.empty()) fail(line.number, 1, "found nothing after the header line, expected samples");
  return table;
}

bool Reader::next_line(Line& line) {
  while (position_ < content_.size()) {
    const std::size_t end = std::min(content_.find('\n', position_), content_.size());
    std::string_view text(content_.data() + position_, end - position_);
    position_ = end + 1;
    line.number = ++line_number_;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (trimmed(text).empty()) continue;
    line.fields = fields_of(text);
    return true;
  }
  return false;
}

std::vector<Field> Reader::fields_of(std::string_view text) const {
  std::vector<Field> fields;
  std::size_t position = 0;
  for (;;) {
    if (position < text.size() && text[position] == '"') {
      fields.push_back(quoted_field(text, position));
    } else {
      const std::size_t end = std::min(text.find(options_.delimiter, position), text.size());
      fields.push_back({std::string(trimmed(text.substr(position, end - position))), position + 1});
      position = end;
    }
    if (position == text.size()) return fields;
    ++position;
  }
}

Field Reader::quoted_field(std::string_view text, std::size_t& position) const {
  Field field{{}, position + 1};
  for (++position; position < text.size(); ++position) {
    const bool quote = text[position] == '"';
    const bool doubled = quote && position + 1 < text.size() && text[position + 1] == '"';
    if (quote && !doubled) break;
    if (doubled) ++position;
    field.text += text[position];
  }
  if (position == text.size())
    fail(line_number_, field.column, "found an opening quote, expected a closing one too");
  ++position;
  if (position < text.size() && text[position] != options_.delimiter) {
    fail(line_number_, position + 1,
         fmt::format("found '{}' after a quoted field, expected '{}'", text[position], options_.delimiter));
  }
  return field;
}

void Reader::start(const Line& first) {
  field_count_ = first.fields.size();
  if (field_count_ < 2) {
    fail(first.number, 1,
         fmt::format("found 1 field, expected a label and at least one feature, separated by '{}'",
                     options_.delimiter));
  }
  label_ = label_index(first);
  if (is_header(first)) names_ = first.fields;
}

std::size_t Reader::label_index(const Line& first) const {
  const std::string& wanted = options_.label_column;
  if (wanted.empty()) return field_count_ - 1;
  if (options_.header != CsvOptions::Header::absent) {
    for (std::size_t i = 0; i < field_count_; ++i) {
      if (first.fields[i].text == wanted && !parse<double>(wanted)) return i;
    }
  }
  const auto number = parse<std::size_t>(wanted);
  if (number && *number >= 1 && *number <= field_count_) return *number - 1;
  fail(first.number, 1,
       fmt::format("found no label column '{}', expected a name from the header line or a "
                   "field number from 1 to {}",
                   wanted, field_count_));
}

bool Reader::is_header(const Line& first) const {
  if (options_.header != CsvOptions::Header::automatic) return options_.header == CsvOptions::Header::present;
  std::size_t numbers = 0;
  for (std::size_t i = 0; i < field_count_; ++i) {
    if (i != label_ && parse<double>(first.fields[i].text)) ++numbers;
  }
  if (numbers == 0) return true;
  if (numbers < field_count_ - 1) {
    fail(first.number, 1, "found both numbers and text in the first line: say whether it is a header");
  }
  return false;
}

void Reader::add(const Line& line, Table& table) const {
  if (line.fields.size() != field_count_) {
    fail(line.number, line.fields.back().column,
         fmt::format("found {} fields, expected {} as in the first line", line.fields.size(), field_count_));
  }
  for (std::size_t i = 0; i < field_count_; ++i) {
    if (i != label_) table.values.push_back(feature(line, i));
  }
  const Field& label = line.fields[label_];
  if (label.text.empty()) fail(line.number, label.column, "found an empty label");
  table.labels.push_back({label.text, line.number, label.column});
}

double Reader::feature(const Line& line, std::size_t index) const {
  const Field& field = line.fields[index];
  const std::string name =
      names_.empty() ? std::to_string(index + 1) : fmt::format("'{}'", names_[index].text);
  const auto value = parse<double>(field.text);
  if (!value || !std::isfinite(*value)) {
    fail(line.number, field.column, fmt::format("field {}: found '{}', expected a number", name, field.text));
  }
  if (options_.range && (*value < options_.range->low || *value > options_.range->high)) {
    fail(line.number, field.column,
         fmt::format("field {}: found {}, expected {} to {}", name, field.text, options_.range->low,
                     options_.range->high));
  }
  return *value;
}

// The integer labels, empty when all labels are text.
std::vector<int> integer_labels(const Reader& reader, const std::vector<Label>& labels) {
  const Label& first = labels.front();
  const bool integers = parse<int>(first.text).has_value();
  std::vector<int> numbers;
  for (const Label& label : labels) {
    const auto number = parse<int>(label.text);
    if (number.has_value() != integers) {
      reader.fail(label.line, label.column,
                  fmt::format("label: found '{}', expected {} like the label '{}' of line {}", label.text,
                              integers ? "an integer" : "text", first.text, first.line));
    }
    if (integers) numbers.push_back(*number);
  }
  return numbers;
}

void number_integer_labels(const Reader& reader, const Table& table, int declared, std::vector<int> numbers,
                           Dataset& set) {
  const int limit = declared > 0 ? declared : class_limit;
  std::vector<bool> seen;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const int number = numbers[i];
    if (number < 0 || number >= limit) {
      reader.fail(table.labels[i].line, table.labels[i].column,
                  fmt::format("label: found {}, expected 0 to {}", number, limit - 1));
    }
    if (static_cast<std::size_t>(number) >= seen.size()) seen.resize(static_cast<std::size_t>(number) + 1);
    seen[static_cast<std::size_t>(number)] = true;
  }
  const auto gap = std::find(seen.begin(), seen.end(), false);
  if (declared == 0 && gap != seen.end()) {
    throw Error(
        fmt::format("{}: found labels up to {} but none that is {}, expected 0 to K-1 without gaps (or a "
                    "declared number of classes)",
                    set.name, seen.size() - 1, gap - seen.begin()));
  }
  set.classes = declared > 0 ? declared : static_cast<int>(seen.size());
  set.class_names = numbered_classes(set.classes);
  set.labels = std::move(numbers);
}

void number_text_labels(const Table& table, int declared, Dataset& set) {
  for (const Label& label : table.labels) set.class_names.push_back(label.text);
  std::sort(set.class_names.begin(), set.class_names.end());
  set.class_names.erase(std::unique(set.class_names.begin(), set.class_names.end()), set.class_names.end());
  set.classes = static_cast<int>(set.class_names.size());
  if (declared > 0 && declared != set.classes) {
    throw Error(fmt::format("{}: found {} classes, expected {}", set.name, set.classes, declared));
  }
  for (const Label& label : table.labels) {
    const auto place = std::lower_bound(set.class_names.begin(), set.class_names.end(), label.text);
    set.labels.push_back(static_cast<int>(place - set.class_names.begin()));
  }
}

void shuffle(std::uint64_t seed, std::size_t features, std::vector<double>& values,
             std::vector<int>& labels) {
  CounterRng random(seed, 0, shuffle_stream);
  for (std::size_t i = labels.size(); i > 1; --i) {
    const std::size_t other = random.below(static_cast<std::uint32_t>(i));
    if (other == i - 1) continue;
    std::swap(labels[i - 1], labels[other]);
    std::swap_ranges(values.data() + (i - 1) * features, values.data() + i * features,
                     values.data() + other * features);
  }
}

// The range of each feature in the first `rows` rows.
std::vector<ValueRange> measured_ranges(const std::vector<double>& values, std::size_t features,
                                        std::size_t rows) {
  std::vector<ValueRange> ranges(features);
  for (std::size_t f = 0; f < features; ++f) {
    ranges[f] = {values[f], values[f]};
    for (std::size_t row = 1; row < rows; ++row) {
      ranges[f].low = std::min(ranges[f].low, values[row * features + f]);
      ranges[f].high = std::max(ranges[f].high, values[row * features + f]);
    }
  }
  return ranges;
}

// A feature that never varies carries no information and becomes 0.
float scaled(double value, const ValueRange& range) {
  // Halves, because the difference of two finite numbers may be infinite.
  const double width = 0.5 * range.high - 0.5 * range.low;
  if (width <= 0.0) return 0.0F;
  return static_cast<float>(std::clamp((0.5 * value - 0.5 * range.low) / width, 0.0, 1.0));
}

void check_options(const std::filesystem::path& path, const CsvOptions& options) {
  constexpr std::string_view reserved = "\"\r\n.+-";
  const bool letter_or_digit = std::isalnum(static_cast<unsigned char>(options.delimiter)) != 0;
  if (letter_or_digit || reserved.find(options.delimiter) != std::string_view::npos) {
    throw Error(fmt::format("{}: delimiter: found '{}', expected a character that no number contains",
                            path.string(), options.delimiter));
  }
  if (options.classes != 0 && (options.classes < 2 || options.classes > class_limit)) {
    throw Error(fmt::format("{}: classes: found {}, expected 0 (automatic) or 2 to {}", path.string(),
                            options.classes, class_limit));
  }
  if (options.range && !(options.range->low < options.range->high)) {
    throw Error(fmt::format("{}: range: found {} to {}, expected the lower end first", path.string(),
                            options.range->low, options.range->high));
  }
}

}  // namespace

Split load_csv(const std::filesystem::path& path, int train_count, int test_count,
               const CsvOptions& options) {
  check_options(path, options);
  Reader reader(path, options);
  Table table = reader.read();

  Dataset set;
  set.name = path.string();
  set.features = static_cast<int>(table.features);
  std::vector<int> numbers = integer_labels(reader, table.labels);
  if (numbers.empty()) {
    number_text_labels(table, options.classes, set);
  } else {
    number_integer_labels(reader, table, options.classes, std::move(numbers), set);
  }
  if (set.classes < 2) throw Error(fmt::format("{}: found 1 class, expected 2 or more", set.name));

  if (options.shuffle_seed) shuffle(*options.shuffle_seed, table.features, table.values, set.labels);
  const std::size_t training_rows = std::min(set.count(), static_cast<std::size_t>(std::max(train_count, 1)));
  const std::vector<ValueRange> ranges = options.range
                                             ? std::vector<ValueRange>(table.features, *options.range)
                                             : measured_ranges(table.values, table.features, training_rows);
  set.samples.reserve(table.values.size());
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    set.samples.push_back(scaled(table.values[i], ranges[i % table.features]));
  }
  return split(set, train_count, test_count);
}

}  // namespace weft::dataset
