// SPDX-License-Identifier: Apache-2.0
#include "models/noc/prices.h"

#include <fmt/format.h>

#include <array>

#include "models/common/error.h"

namespace weft::noc {

namespace {

struct RouterRow {
  unsigned node_nm;
  unsigned flit_bits;
  unsigned virtual_channels;
  double picojoule_per_flit;
};

constexpr RouterRow kRouters[] = {
    {45, 32, 1, 2.2184},   {45, 32, 2, 3.0403},   {45, 32, 4, 4.7141},   {45, 64, 1, 4.1934},
    {45, 64, 2, 5.7598},   {45, 64, 4, 8.9511},   {45, 128, 1, 8.1434},  {45, 128, 2, 11.1986},
    {45, 128, 4, 17.4249}, {45, 256, 1, 16.0439}, {45, 256, 2, 22.0768}, {45, 256, 4, 34.3732},
    {32, 32, 1, 1.2218},   {32, 32, 2, 1.6741},   {32, 32, 4, 2.5937},   {32, 64, 1, 2.3097},
    {32, 64, 2, 3.1718},   {32, 64, 4, 4.9254},   {32, 128, 1, 4.4854},  {32, 128, 2, 6.1672},
    {32, 128, 4, 9.5889},  {32, 256, 1, 8.8372},  {32, 256, 2, 12.1583}, {32, 256, 4, 18.9161},
    {22, 32, 1, 0.5719},   {22, 32, 2, 0.7808},   {22, 32, 4, 1.2048},   {22, 64, 1, 1.0816},
    {22, 64, 2, 1.4794},   {22, 64, 4, 2.2875},   {22, 128, 1, 2.1008},  {22, 128, 2, 2.8766},
    {22, 128, 4, 4.4529},  {22, 256, 1, 4.1393},  {22, 256, 2, 5.6709},  {22, 256, 4, 8.7837},
    {11, 32, 1, 0.1744},   {11, 32, 2, 0.2387},   {11, 32, 4, 0.3684},   {11, 64, 1, 0.3301},
    {11, 64, 2, 0.4529},   {11, 64, 4, 0.7005},   {11, 128, 1, 0.6415},  {11, 128, 2, 0.8812},
    {11, 128, 4, 1.3648},  {11, 256, 1, 1.2643},  {11, 256, 2, 1.7379},  {11, 256, 4, 2.6932},
};

// A link of 1 mm, by node; picojoule per bit of a flit of 128 bits, alike for other widths.
struct LinkRow {
  unsigned node_nm;
  double picojoule_per_flit;
};

constexpr double kLinkBits = 128;
constexpr LinkRow kLinks[] = {
    {45, 5.1663},
    {32, 4.1467},
    {22, 3.0186},
    {11, 1.6881},
};

constexpr double kIsaacPerBit = 20.74 / 256;
constexpr double kPumaPerBit = 16.13 / (4 * 32);

unsigned node_of(PriceTable table) {
  switch (table) {
    case PriceTable::kDsent45nm:
      return 45;
    case PriceTable::kDsent22nm:
      return 22;
    case PriceTable::kDsent11nm:
      return 11;
    default:
      return 32;
  }
}

FlitPrices dsent(PriceTable table, unsigned flit_bytes, unsigned virtual_channels) {
  const unsigned node = node_of(table);
  const unsigned bits = flit_bytes * 8;
  double link_per_bit = 0.0;
  for (const LinkRow& row : kLinks) {
    if (row.node_nm == node) link_per_bit = row.picojoule_per_flit / kLinkBits;
  }
  for (const RouterRow& row : kRouters) {
    if (row.node_nm == node && row.flit_bits == bits && row.virtual_channels == virtual_channels)
      return {picojoule(row.picojoule_per_flit), picojoule(link_per_bit * bits)};
  }
  throw Error(
      fmt::format("network prices: {} has no router for flits of {} bytes and {} virtual channels, allowed "
                  "are 4, 8, 16 or 32 "
                  "bytes and 1, 2 or 4 channels",
                  to_string(table), flit_bytes, virtual_channels));
}

}  // namespace

const char* to_string(PriceTable table) {
  constexpr std::array<const char*, 6> names = {"dsent_45nm", "dsent_32nm", "dsent_22nm",
                                                "dsent_11nm", "isaac",      "puma"};
  return names.at(static_cast<std::size_t>(table));
}

FlitPrices flit_prices(PriceTable table, unsigned flit_bytes, unsigned virtual_channels) {
  const double bits = 8.0 * flit_bytes;
  if (table == PriceTable::kIsaac) return {picojoule(kIsaacPerBit * bits), Joule()};
  if (table == PriceTable::kPuma) return {picojoule(kPumaPerBit * bits), Joule()};
  return dsent(table, flit_bytes, virtual_channels);
}

}  // namespace weft::noc
