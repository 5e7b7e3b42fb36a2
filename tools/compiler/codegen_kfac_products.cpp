// SPDX-License-Identifier: Apache-2.0
// Products of the samples of a batch on the work array, for second-order updates. Its rows are the samples of
// one side, those of the other are streamed through them.
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

namespace {

constexpr std::uint32_t word_size = 4;

const VectorForm narrow{Format::int16, Format::int16, Format::int16, 0, 0};
const VectorForm widening{Format::int16, Format::int16, Format::int32, 0, 0};

}  // namespace

// The samples of a batch that an array does not hold at once follow in pieces.
int TileGenerator::sample_pieces() const {
  return (network_.batch + network_.array_rows - 1) / network_.array_rows;
}

// t2 = samples of a piece in this batch; jumps to `none` if there are none.
void TileGenerator::piece_samples(int piece, Label none) {
  const Label some = as_.make_label();
  const Label last = as_.make_label();
  as_.li(Reg::t0, static_cast<std::uint32_t>(piece * network_.array_rows));
  as_.bltu(Reg::t0, chunk, some);
  as_.j(none);
  as_.bind(some);
  as_.sub(Reg::t2, chunk, Reg::t0);
  as_.li(Reg::t1, static_cast<std::uint32_t>(network_.array_rows));
  as_.bge(Reg::t1, Reg::t2, last);
  as_.mv(Reg::t2, Reg::t1);
  as_.bind(last);
}

void TileGenerator::multiply_samples(const SampleProduct& of, bool program) {
  if (sample_pieces() == 1) {
    if (program) program_samples(of.held, of.columns);
    transpose_samples(of.streamed, of.rows);
    stream(of, chunk, 0);
    return;
  }
  transpose_samples(of.streamed, of.rows);
  for (int piece = 0; piece < sample_pieces(); ++piece) {
    const Label none = as_.make_label();
    e_.form(widening, 1);
    set_batch_length(of.columns);
    e_.vector(Mnemonic::vcopy, of.held, tile_.kfac.wide);
    e_.wait_units(vector_unit);
    piece_samples(piece, none);
    const auto skipped = static_cast<std::uint32_t>(piece * network_.array_rows * of.columns);
    program_wide(tile_.kfac.wide.at(word_size * skipped), of.columns, Reg::t2);
    piece_samples(piece, none);
    stream(of, Reg::t2, piece);
    e_.bind(none);
  }
}

void TileGenerator::program_samples(const Area& source, int width) {
  e_.form(widening, 1);
  set_batch_length(width);
  e_.vector(Mnemonic::vcopy, source, tile_.kfac.wide);
  e_.wait_units(vector_unit);
  program_wide(tile_.kfac.wide, width, chunk);
}

void TileGenerator::program_wide(const Area& source, int width, Reg samples) {
  as_.li(Reg::t0, static_cast<std::uint32_t>(width) << 16);
  as_.add(Reg::t0, Reg::t0, samples);
  e_.csr_from(xweft::csr_wdim, Reg::t0);
  as_.li(Reg::a0, source.address);
  e_.crossbar(Mnemonic::prog, work_unit());
}

void TileGenerator::transpose_samples(const Area& source, int width) {
  e_.form(narrow, width);
  e_.csr_from(xweft::csr_wcnt, chunk);
  e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(width));
  e_.csr(xweft::csr_wdstr, 2 * static_cast<std::uint32_t>(network_.batch));
  e_.vector(Mnemonic::vtrans, source, tile_.kfac.transposed);
  e_.wait_units(vector_unit);
}

// Row by row of the transposed samples; the array holds the other ones. Pieces after the first add.
void TileGenerator::stream(const SampleProduct& of, Reg samples, int piece) {
  const auto row_bytes = word_size * static_cast<std::uint32_t>(of.columns);
  const auto skipped = static_cast<std::uint32_t>(piece * network_.array_rows);
  as_.li(Reg::t0, static_cast<std::uint32_t>(of.columns) << 16);
  as_.add(Reg::t0, Reg::t0, samples);
  e_.csr_from(xweft::csr_wdim, Reg::t0);
  e_.csr(xweft::csr_wfmt,
         static_cast<std::uint32_t>(Format::int16) | static_cast<std::uint32_t>(Format::int32) << 8);
  e_.csr(xweft::csr_wshift, static_cast<std::uint32_t>(of.shift));
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(of.bits));
  e_.csr(xweft::csr_wcomp, 0);
  as_.li(Reg::a4, tile_.kfac.transposed.at(2 * skipped).address);
  as_.li(Reg::a5, of.result.address);
  as_.li(Reg::a6, of.result.address + row_bytes * static_cast<std::uint32_t>(of.rows));
  as_.li(Reg::t1, 2 * static_cast<std::uint32_t>(network_.batch));
  as_.li(Reg::t2, row_bytes);
  as_.li(Reg::a3, work_unit());
  const Label next = as_.make_label();
  as_.bind(next);
  as_.xweft(piece == 0 ? Mnemonic::mvm : Mnemonic::mvma, Reg::zero, Reg::a4, Reg::a5, Reg::a3);
  as_.add(Reg::a4, Reg::a4, Reg::t1);
  as_.add(Reg::a5, Reg::a5, Reg::t2);
  as_.bltu(Reg::a5, Reg::a6, next);
  e_.wait_units(crossbar_units(work_unit()));
}

}  // namespace weft::compiler
