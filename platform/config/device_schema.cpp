// SPDX-License-Identifier: Apache-2.0
// The keys of platform.crossbar.device.
#include "models/device/programming_error.h"
#include "models/device/update/update_model.h"
#include "platform/config/schema.h"

namespace weft::config {

namespace {

CodecPtr<double> share() { return real(0, 1); }

CodecPtr<std::string> programming_fit() {
  Choices<std::string> choices = {{"none", ""}};
  for (const device::ProgrammingFit& fit : device::programming_fits())
    choices.emplace_back(fit.name, fit.name);
  return choice<std::string>(choices);
}

CodecPtr<std::string> update_model() {
  Choices<std::string> choices;
  for (const device::UpdateModel* model : device::update_models())
    choices.emplace_back(model->name(), model->name());
  return choice<std::string>(choices);
}

std::string update_models_described() {
  std::string text = "Change of a cell by one pulse.";
  for (const device::UpdateModel* model : device::update_models())
    text += std::string(" ") + model->name() + ": " + model->description() + ";";
  text.back() = '.';
  return text;
}

const Table<device::ProgrammingConfig>& programming_table() {
  using P = device::ProgrammingConfig;
  static const Table<P> table =
      Table<P>()
          .add("fit", &P::fit, programming_fit(),
               "Spread of the conductance that a write leaves, fitted to a measurement.")
          .add("sigma", &P::sigma, share(), "Spread that is the same for all states, as a share of Gmax.")
          .add("relative_sigma", &P::relative_sigma, share(), "Spread as a share of the conductance.")
          .add("verify_window", &P::verify_window, real(0, 128),
               "Cell units around the target within which write-verify accepts a cell; 0: one pulse, not "
               "verified.")
          .add("verify_pulses", &P::verify_pulses, integer(1, 1000), "Pulses until write-verify gives up.");
  return table;
}

const Table<device::ReadNoiseConfig>& read_noise_table() {
  using R = device::ReadNoiseConfig;
  static const Table<R> table =
      Table<R>()
          .add("sigma", &R::sigma, share(), "Noise of a cell in one drive step, as a share of Gmax.")
          .add("relative_sigma", &R::relative_sigma, share(), "The same as a share of the conductance.");
  return table;
}

const Table<device::StuckConfig>& stuck_table() {
  using S = device::StuckConfig;
  static const Table<S> table = Table<S>()
                                    .add("low", &S::low, share(), "Share of cells that are stuck at Gmin.")
                                    .add("high", &S::high, share(), "Share of cells that are stuck at Gmax.");
  return table;
}

const Table<device::DriftConfig>& drift_table() {
  using D = device::DriftConfig;
  using device::DriftAge;
  static const Table<D> table =
      Table<D>()
          .add("age", &D::age,
               choice<DriftAge>({{"none", DriftAge::none},
                                 {"simulated", DriftAge::simulated},
                                 {"configured", DriftAge::configured}}),
               "none: conductances stay; simulated: they fall with the simulated time since the cell was "
               "written; configured: with time_s, whenever it was written.")
          .add("time_s", &D::time_s, real(0, 1e12), "Age of all conductances when read.")
          .only_with("age", "age: configured",
                     [](const D& drift) { return drift.age == DriftAge::configured; })
          .add("t0_s", &D::t0_s, real(1e-12, 1e12), "Conductances fall with ((age + t0) / t0)^-exponent.")
          .add("exponent", &D::exponent, real(-1, 1), "Drift exponent (about 0.05 for PCM).")
          .add("exponent_sigma", &D::exponent_sigma, share(), "Spread of the exponent from cell to cell.");
  return table;
}

const Table<device::UpdateConfig>& update_table() {
  using U = device::UpdateConfig;
  static const Table<U> table =
      Table<U>()
          .add("model", &U::model, update_model(), update_models_described())
          .add("step", &U::step, real(0, 256), "Mean step of a pulse in cell units.")
          .add("step_variation", &U::step_variation, real(0, 10),
               "Spread of steps from cell to cell, as a share.")
          .add("noise", &U::noise, real(0, 100), "Spread from pulse to pulse, as a share of the change.")
          .add("asymmetry", &U::asymmetry, real(-1, 1),
               "Steps up are (1 + asymmetry), steps down (1 - asymmetry) times as large.")
          .add("asymmetry_sigma", &U::asymmetry_sigma, share(), "Spread of it from cell to cell.")
          .add("bound_variation", &U::bound_variation, share(),
               "Spread of the ends of the range from cell to cell, as a share.")
          .add("slope", &U::slope, real(0, 20), "Curvature: gamma or alpha of the model.")
          .add("slope_variation", &U::slope_variation, real(0, 10), "Spread of it from cell to cell.")
          .add("exponential_up", &U::exponential_up, real(-100, 100), "A of exponential_step, upwards.")
          .add("exponential_down", &U::exponential_down, real(-100, 100), "A of exponential_step, downwards.")
          .add("exponential_scale", &U::exponential_scale, real(0, 10), "a of exponential_step.")
          .add("exponential_offset", &U::exponential_offset, real(-10, 10), "b of exponential_step.");
  return table;
}

const Table<device::WireConfig>& wires_table() {
  using W = device::WireConfig;
  using device::WireModel;
  static const Table<W> table =
      Table<W>()
          .add("model", &W::model,
               choice<WireModel>(
                   {{"none", WireModel::none}, {"ladder", WireModel::ladder}, {"nodal", WireModel::nodal}}),
               "ladder: exact to first order, fast; nodal: exact, for arrays that are written seldom.")
          .add("ohm_per_cell", &W::ohm_per_cell, real(0, 1e6), "Resistance of a line from cell to cell.");
  return table;
}

}  // namespace

const Table<device::DeviceConfig>& device_table() {
  using D = device::DeviceConfig;
  static const Table<D> table =
      Table<D>()
          .add("seed", &D::seed, seed_number(), "Seed of everything that devices draw.")
          .add("g_max_uS", &D::g_max_uS, real(1e-6, 1e6),
               "Conductance of a fully open cell in microsiemens; matters to programming.fit and wires only.")
          .add("on_off", &D::on_off, real(0, 1e12),
               "Gmax / Gmin; 0: a closed cell does not conduct at all, otherwise at least 1.01.")
          .add("variation", &D::variation, share(),
               "Spread of conductances from cell to cell, fixed for a cell's life, as a share.")
          .add("programming", &D::programming, object(programming_table()), "")
          .add("read_noise", &D::read_noise, object(read_noise_table()), "")
          .add("stuck", &D::stuck, object(stuck_table()), "")
          .add("drift", &D::drift, object(drift_table()), "")
          .add("update", &D::update, object(update_table()), "")
          .add("wires", &D::wires, object(wires_table()), "");
  return table;
}

}  // namespace weft::config
