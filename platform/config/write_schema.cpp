// SPDX-License-Identifier: Apache-2.0
// The keys of platform.crossbar.write_filter, .kernel_filter and .endurance.
#include "platform/config/schema.h"

namespace weft::config {

namespace {

using write_filter::Granularity;
using write_filter::Policy;
using write_filter::ThresholdMode;

CodecPtr<Policy> policy() {
  return choice<Policy>({{"none", Policy::none},
                         {"compare", Policy::compare},
                         {"drop", Policy::drop},
                         {"top_k", Policy::top_k},
                         {"percentile", Policy::percentile},
                         {"ef_reset", Policy::ef_reset},
                         {"ef_grain", Policy::ef_grain},
                         {"stochastic", Policy::stochastic},
                         {"row_top", Policy::row_top},
                         {"row_max", Policy::row_max},
                         {"wear_adaptive", Policy::wear_adaptive}});
}

CodecPtr<Granularity> granularity() {
  return choice<Granularity>({{"cell", Granularity::cell},
                              {"weight", Granularity::weight},
                              {"row", Granularity::row},
                              {"crossbar", Granularity::crossbar}});
}

CodecPtr<ThresholdMode> threshold_mode() {
  return choice<ThresholdMode>({{"absolute", ThresholdMode::absolute},
                                {"rms", ThresholdMode::rms},
                                {"maximum", ThresholdMode::maximum}});
}

CodecPtr<double> threshold() { return real(1e-9, 1e18); }
CodecPtr<double> density() { return real(1e-9, 1); }

}  // namespace

const Table<write_filter::FilterConfig>& write_filter_table() {
  using F = write_filter::FilterConfig;
  using write_filter::Tracking;
  static const Table<F> table =
      Table<F>()
          .add("policy", &F::policy, policy(), "Which updates are written (docs/models/write_filter.md).")
          .add("granularity", &F::granularity, granularity(),
               "What is written together: the cells that change, all cells of a weight, whole rows, the "
               "array.")
          .add("threshold_mode", &F::threshold_mode, threshold_mode(),
               "What threshold counts in: units of the weight, running root mean squares of the updates, or "
               "the "
               "largest update.")
          .add("threshold", &F::threshold, threshold(), "Updates below it are not significant.")
          .add("rms_memory", &F::rms_memory, real(0, 0.999999),
               "Weight of the past in the running mean square.")
          .add("density", &F::density, density(),
               "Share that top_k and row_top write, and that percentile aims at.")
          .add("tracking", &F::tracking,
               choice<Tracking>({{"gaussian", Tracking::gaussian},
                                 {"laplace", Tracking::laplace},
                                 {"feedback", Tracking::feedback}}),
               "How percentile finds its threshold: from the distribution named, or by feedback.")
          .add("feedback_gain", &F::feedback_gain, real(1e-6, 100), "Gain of tracking: feedback.")
          .add("keep_residual", &F::keep_residual, flag(),
               "Keep what is not written and add it to the next update; implied by ef_reset and ef_grain.")
          .add("residual_bits", &F::residual_bits, integer(2, 48),
               "Bits of a residual; one that does not fit is written.")
          .add("residual_memory", &F::residual_memory, flag(),
               "The residual memory is there though policy does not need it, for a program that changes the "
               "policy.")
          .add("wear_table", &F::wear_table, flag(),
               "The same for the writes of every weight that wear_adaptive counts.")
          .add("seed", &F::seed, seed_number(), "Seed of policy stochastic.");
  return table;
}

const Table<FilterChange>& filter_change_table() {
  using C = FilterChange;
  static const Table<C> table =
      Table<C>()
          .add("from_epoch", &C::epoch, integer(1, 100'000), "First epoch that it holds for, counted from 1.")
          .required()
          .add("policy", &C::policy, optional_of(policy()), "As platform.crossbar.write_filter.policy.")
          .add("granularity", &C::granularity, optional_of(granularity()), "What is written together.")
          .add("threshold_mode", &C::threshold_mode, optional_of(threshold_mode()),
               "What threshold counts in.")
          .add("threshold", &C::threshold, optional_of(threshold()), "In single precision.")
          .add("density", &C::density, optional_of(density()), "In single precision.");
  return table;
}

const Table<endurance::EnduranceConfig>& endurance_table() {
  using E = endurance::EnduranceConfig;
  using endurance::Levelling;
  using endurance::PulseModel;
  using endurance::WearMode;
  static const Table<E> table =
      Table<E>()
          .add(
              "pulses_model", &E::pulses_model,
              choice<PulseModel>({{"array", PulseModel::array},
                                  {"fixed", PulseModel::fixed},
                                  {"linear", PulseModel::linear},
                                  {"distribution", PulseModel::distribution}}),
              "Pulses of a cell's write. array: not counted, technology.crossbar.write_time and write_energy "
              "hold; fixed: pulses; linear: pulses a level of change; distribution: geometric.")
          .add("pulses", &E::pulses, integer(1, 10'000), "Pulses of models fixed and linear.")
          .add("mean_pulses", &E::mean_pulses, real(1, 10'000), "Mean of model distribution (NeuRRAM: 8.52).")
          .add("count_wear", &E::count_wear, flag(), "Count the wear of every cell.")
          .add("mode", &E::mode,
               choice<WearMode>(
                   {{"write", WearMode::write}, {"pulse", WearMode::pulse}, {"swing", WearMode::swing}}),
               "What wear counts: writes, pulses, or the change as a share of the window.")
          .add("alpha", &E::alpha, real(1e-3, 10), "Exponent of mode swing.")
          .add("assumed_swing", &E::assumed_swing, real(1e-6, 1),
               "Change by an update, as a share of the window, with mode swing where nothing is computed "
               "(PANTHER: 2 to 5 %).")
          .add("median", &E::median, real(1e-3, 1e18), "Endurance of a cell, in units of wear.")
          .add("spread", &E::spread, real(0, 5),
               "Spread of the logarithm of the endurance from cell to cell.")
          .add("cells_fail", &E::cells_fail, flag(), "A worn-out cell is stuck at its last level.")
          .add("levelling", &E::levelling,
               choice<Levelling>({{"none", Levelling::none},
                                  {"row_swap", Levelling::row_swap},
                                  {"column_rotation", Levelling::column_rotation},
                                  {"random", Levelling::random}}),
               "How the matrix moves in its array: hottest and coldest row change places, columns move on by "
               "one, "
               "or all is drawn anew.")
          .add("period", &E::period, integer(1, 1'000'000'000), "Update passes between two moves.")
          .add("duty", &E::duty, real(1e-6, 1), "Share of its life that the machine works; for the lifetime.")
          .add("seed", &E::seed, seed_number(), "Seed of endurances, pulses and places.");
  return table;
}

}  // namespace weft::config
