// SPDX-License-Identifier: Apache-2.0
// What makes a cell of a crossbar differ from an ideal one. Every effect is off by default.
//
// A cell of b bits has the levels cell_min = -2^(b-1) .. cell_max = 2^(b-1)-1, spread evenly over the
// conductances Gmin .. Gmax. One level apart is the *cell unit*, dG = (Gmax - Gmin) / (2^b - 1), the unit
// of all states in this folder: G = Gmin + (state - cell_min) * dG. A cell is read against a reference of
// the conductance G(0), so that the zero level gives no current. References are ideal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::device {

// State a write leaves: target + error, error normal with the sum of the variances given here.
struct ProgrammingConfig {
  // Standard deviation over conductance, fitted to a measurement (programming_error.h); empty: none.
  std::string fit;
  double sigma = 0;           // of Gmax, the same for all states (CrossSim, generic error models)
  double relative_sigma = 0;  // of the target's conductance (CrossSim, generic error models)
  // Write-verify: pulses repeat until the state is within this many cell units of the target. 0: one
  // pulse, not verified.
  double verify_window = 0;
  int verify_pulses = 100;  // then the cell is left as it is and counted

  bool has_error() const { return !fit.empty() || sigma > 0 || relative_sigma > 0; }
  // Whether the number of pulses of a write is drawn: it then decides what the write costs.
  bool counts_pulses() const { return has_error() && verify_window > 0; }
};

// Noise of a read: normal, fresh for every cell and drive step, standard deviations.
struct ReadNoiseConfig {
  double sigma = 0;           // of Gmax, the same for all states
  double relative_sigma = 0;  // of the cell's conductance

  bool on() const { return sigma > 0 || relative_sigma > 0; }
};

// Probabilities that a cell is stuck at Gmin or Gmax from the start.
struct StuckConfig {
  double low = 0;
  double high = 0;

  bool on() const { return low > 0 || high > 0; }
};

// Conductance of a cell whose age is the time since it was written: G * ((age + t0) / t0)^-nu, with one nu a
// cell, |N(exponent, exponent_sigma)| (aihwkit, inference noise models).
//   none        conductances stay
//   simulated   age of each cell by simulated time; every write and every pulse begins it anew, from the
//               conductance that is left
//   configured  time_s for every cell at every read, whenever it was written
enum class DriftAge : std::uint8_t { none, simulated, configured };

struct DriftConfig {
  DriftAge age = DriftAge::none;
  double time_s = 0;  // DriftAge::configured only
  double t0_s = 20;
  double exponent = 0.05;
  double exponent_sigma = 0;

  bool on() const { return age == DriftAge::simulated || (age == DriftAge::configured && time_s > 0); }
};

// What a pulse of an outer-product update does to a state (update/update_model.h). A pulse of an ideal
// cell changes the state by one unit, up or down.
struct UpdateConfig {
  std::string model = "ideal";
  double step = 1;                   // mean change of a pulse, cell units
  double step_variation = 0;         // from cell to cell, standard deviation, of `step`
  double noise = 0;                  // from pulse to pulse, standard deviation, of what the pulse changes
  double asymmetry = 0;              // beta: up steps are (1 + beta), down steps (1 - beta) times as large
  double asymmetry_sigma = 0;        // of beta, from cell to cell
  double bound_variation = 0;        // from cell to cell, standard deviation, of either end of the range
  double slope = 1;                  // gamma of linear, power, exponential and saturating steps
  double slope_variation = 0;        // of gamma from cell to cell, absolute
  double exponential_up = -1.18;     // A of the exponential step, up (aihwkit's ReRamES preset)
  double exponential_down = -0.081;  // A of the exponential step, down (the same)
  double exponential_scale = 1;      // a
  double exponential_offset = 0;     // b

  bool on() const { return model != "ideal"; }
};

// Resistance of rows and columns (wires.h).
enum class WireModel : std::uint8_t { none, ladder, nodal };

struct WireConfig {
  WireModel model = WireModel::none;
  double ohm_per_cell = 1;

  bool on() const { return model != WireModel::none && ohm_per_cell > 0; }
};

struct DeviceConfig {
  std::uint64_t seed = 1;
  std::uint32_t unit = 0;  // tells arrays of one seed apart
  double g_max_uS = 100;   // matters to fits and wires only
  double on_off = 0;       // Gmax / Gmin; 0: Gmin is 0
  double variation = 0;    // of a cell's conductance, fixed for its life, standard deviation, relative
  ProgrammingConfig programming;
  ReadNoiseConfig read_noise;
  StuckConfig stuck;
  DriftConfig drift;
  UpdateConfig update;
  WireConfig wires;

  // Throws weft::Error naming the field, its value and what is allowed.
  void validate() const;
  // Names of what is on, for reports.
  std::vector<std::string> effects() const;
};

}  // namespace weft::device
