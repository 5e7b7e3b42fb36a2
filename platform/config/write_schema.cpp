// SPDX-License-Identifier: Apache-2.0
// The keys of write filters and of endurance, of platform.crossbar and of the ReRAM beside tiles' buffers,
// and of write_lines in technology.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "platform/config/schema.h"

namespace weft::config {

namespace {

using write_filter::FilterConfig;
using write_filter::Granularity;
using write_filter::Policy;
using write_filter::ThresholdMode;

// What the rules are for: weights and kernels of an array, or the values of a buffer, which replace each
// other.
enum class Of { array, buffer };

// Without what makes no sense for values that replace each other.
template <class Enum>
CodecPtr<Enum> choice_for(Of what, Choices<Enum> all, const std::set<Enum>& of_arrays_only) {
  if (what == Of::buffer) {
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const auto& word) { return of_arrays_only.count(word.second) != 0; }),
              all.end());
  }
  return choice<Enum>(std::move(all));
}

CodecPtr<Policy> policy(Of what) {
  return choice_for<Policy>(what,
                            {{"none", Policy::none},
                             {"compare", Policy::compare},
                             {"drop", Policy::drop},
                             {"top_k", Policy::top_k},
                             {"percentile", Policy::percentile},
                             {"ef_reset", Policy::ef_reset},
                             {"ef_grain", Policy::ef_grain},
                             {"stochastic", Policy::stochastic},
                             {"row_top", Policy::row_top},
                             {"row_max", Policy::row_max},
                             {"wear_adaptive", Policy::wear_adaptive}},
                            {Policy::ef_reset, Policy::ef_grain, Policy::row_top});
}

CodecPtr<Granularity> granularity(Of what) {
  return choice_for<Granularity>(what,
                                 {{"cell", Granularity::cell},
                                  {"weight", Granularity::weight},
                                  {"row", Granularity::row},
                                  {"crossbar", Granularity::crossbar}},
                                 {Granularity::crossbar});
}

CodecPtr<ThresholdMode> threshold_mode() {
  return choice<ThresholdMode>({{"absolute", ThresholdMode::absolute},
                                {"rms", ThresholdMode::rms},
                                {"maximum", ThresholdMode::maximum}});
}

CodecPtr<double> threshold() { return real(1e-9, 1e18); }
CodecPtr<double> density() { return real(1e-9, 1); }

// What all filters have.
Table<FilterConfig> filter_keys(Of what) {
  using F = FilterConfig;
  using write_filter::Tracking;
  const bool array = what == Of::array;
  return Table<F>()
      .add("policy", &F::policy, policy(what),
           array ? "Which updates are written (docs/models/write_filter.md)."
                 : "Which values replace the stored ones (docs/models/reram_buffer.md).")
      .add("granularity", &F::granularity, granularity(what),
           array ? "What is written together: the cells that change, all cells of a weight, whole rows, the "
                   "array."
                 : "What is written together: the cells that change, all cells of a value, whole rows.")
      .add(
          "threshold_mode", &F::threshold_mode, threshold_mode(),
          array
              ? "What threshold counts in: units of the weight, running root mean squares of the updates, or "
                "the largest update."
              : "What threshold counts in: units of the value, running root mean squares of the row's "
                "differences, or the largest of them.")
      .add("threshold", &F::threshold, threshold(), "Changes below it are not significant.")
      .add("rms_memory", &F::rms_memory, real(0, 0.999999), "Weight of the past in the running mean square.")
      .add("density", &F::density, density(),
           "Share that top_k and row_top write, and that percentile aims at.")
      .add("tracking", &F::tracking,
           choice<Tracking>({{"gaussian", Tracking::gaussian},
                             {"laplace", Tracking::laplace},
                             {"feedback", Tracking::feedback}}),
           "How percentile finds its threshold: from the distribution named, or by feedback.")
      .add("feedback_gain", &F::feedback_gain, real(1e-6, 100), "Gain of tracking: feedback.")
      .add("seed", &F::seed, seed_number(), "Seed of policy stochastic.");
}

// What the wear of all cells has.
Table<endurance::EnduranceConfig> endurance_keys(const std::string& pulses, const std::string& levelling,
                                                 const std::string& period) {
  using E = endurance::EnduranceConfig;
  using endurance::Levelling;
  using endurance::PulseModel;
  using endurance::WearMode;
  return Table<E>()
      .add("pulses_model", &E::pulses_model,
           choice<PulseModel>({{"array", PulseModel::array},
                               {"fixed", PulseModel::fixed},
                               {"linear", PulseModel::linear},
                               {"distribution", PulseModel::distribution}}),
           "Pulses of a cell's write. " + pulses +
               " linear: pulses a level of change; distribution: geometric.")
      .add("pulses", &E::pulses, integer(1, 10'000), "Pulses of models fixed and linear.")
      .add("mean_pulses", &E::mean_pulses, real(1, 10'000), "Mean of model distribution (NeuRRAM: 8.52).")
      .add("count_wear", &E::count_wear, flag(), "Count the wear of every cell.")
      .add("mode", &E::mode,
           choice<WearMode>(
               {{"write", WearMode::write}, {"pulse", WearMode::pulse}, {"swing", WearMode::swing}}),
           "What wear counts: writes, pulses, or the change as a share of the window.")
      .add("alpha", &E::alpha, real(1e-3, 10), "Exponent of mode swing.")
      .add("median", &E::median, real(1e-3, 1e18), "Endurance of a cell, in units of wear.")
      .add("spread", &E::spread, real(0, 5), "Spread of the logarithm of the endurance from cell to cell.")
      .add("cells_fail", &E::cells_fail, flag(), "A worn-out cell is stuck at its last level.")
      .add("levelling", &E::levelling,
           choice<Levelling>({{"none", Levelling::none},
                              {"row_swap", Levelling::row_swap},
                              {"row_rotation", Levelling::row_rotation},
                              {"column_rotation", Levelling::column_rotation},
                              {"random", Levelling::random}}),
           levelling +
               " Hottest and coldest row change places, rows or columns move on by one, or all is drawn "
               "anew.")
      .add("period", &E::period, integer(1, 1'000'000'000), period)
      .add("duty", &E::duty, real(1e-6, 1), "Share of its life that the machine works; for the lifetime.")
      .add("seed", &E::seed, seed_number(), "Seed of endurances, pulses and places.");
}

}  // namespace

const Table<FilterConfig>& write_filter_table() {
  using F = FilterConfig;
  static const Table<F> table =
      filter_keys(Of::array)
          .add("keep_residual", &F::keep_residual, flag(),
               "Keep what is not written and add it to the next update; implied by ef_reset and ef_grain.")
          .add("residual_bits", &F::residual_bits, integer(2, 48),
               "Bits of a residual; one that does not fit is written.")
          .add("residual_memory", &F::residual_memory, flag(),
               "The residual memory is there though policy does not need it, for a program that changes the "
               "policy.")
          .add("wear_table", &F::wear_table, flag(),
               "The same for the writes of every weight that wear_adaptive counts.");
  return table;
}

const Table<FilterConfig>& buffer_filter_table() {
  static const Table<FilterConfig> table =
      filter_keys(Of::buffer)
          .add("rms_of_non_zero", &FilterConfig::rms_of_non_zero, flag(),
               "The mean square is that of the differences other than zero.");
  return table;
}

const Table<FilterChange>& filter_change_table() {
  using C = FilterChange;
  static const Table<C> table =
      Table<C>()
          .add("from_epoch", &C::epoch, integer(1, 100'000), "First epoch that it holds for, counted from 1.")
          .required()
          .add("policy", &C::policy, optional_of(policy(Of::array)),
               "As platform.crossbar.write_filter.policy.")
          .add("granularity", &C::granularity, optional_of(granularity(Of::array)),
               "What is written together.")
          .add("threshold_mode", &C::threshold_mode, optional_of(threshold_mode()),
               "What threshold counts in.")
          .add("threshold", &C::threshold, optional_of(threshold()), "In single precision.")
          .add("density", &C::density, optional_of(density()), "In single precision.");
  return table;
}

const Table<endurance::EnduranceConfig>& endurance_table() {
  using E = endurance::EnduranceConfig;
  static const Table<E> table =
      endurance_keys(
          "array: not counted, technology.crossbar.write_time and write_energy hold; fixed: pulses;",
          "How the matrix moves in its array.", "Update passes between two moves.")
          .add("assumed_swing", &E::assumed_swing, real(1e-6, 1),
               "Change by an update, as a share of the window, with mode swing where nothing is computed "
               "(PANTHER: 2 to 5 %).");
  return table;
}

const Table<endurance::EnduranceConfig>& buffer_endurance_table() {
  static const Table<endurance::EnduranceConfig> table = endurance_keys(
      "array: 1, and a row takes technology.reram_buffer.write_time; fixed: pulses, SET and RESET cells "
      "after each other;",
      "How rows move in their subarray of 128.", "Rows that a subarray writes between two moves.");
  return table;
}

const Table<endurance::WriteLines>& write_lines_table() {
  using L = endurance::WriteLines;
  static const Table<L> table =
      Table<L>()
          .add(
              "word_line_fF", &L::word_line_fF, real(0, 1e6),
              "Capacitance of a word line past 128 cells; C · V² are charged for the row's own in every "
              "pulse where pulses are counted. 0: part of the pulses. 15 for crossbars: 11 µm of wire at 0.2 "
              "fF/µm (DNN+NeuroSim), and 0.1 fF a cell, assumed.")
          .add("bit_line_fF", &L::bit_line_fF, real(0, 1e6),
               "The same of a bit line, for every pulse of a cell.")
          .add("voltage_V", &L::voltage_V, real(0, 100), "Voltage of a line that is selected (INCA: 1.1 V).")
          .add("unselected_voltage_V", &L::unselected_voltage_V, real(0, 100),
               "Voltage of all other lines of the array during a pulse: 0 in a 1T1R array, half of voltage_V "
               "at a cross-point with a V/2 scheme.");
  return table;
}

}  // namespace weft::config
