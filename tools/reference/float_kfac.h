// SPDX-License-Identifier: Apache-2.0
// K-FAC in host floating point, with the blocks the machine has: what second-order training on the machine is
// compared with. Systems are solved by Cholesky decomposition.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

#include "tools/reference/network.h"

namespace weft::reference {

// How a layer's weight matrix lies on the machine. Factors are block-diagonal; the pi correction compares
// what one tile has of them.
struct LayerCut {
  int block_rows = 0;     // inputs of an array
  int block_columns = 0;  // outputs
  int tile_rows = 0;      // inputs of a tile's part
  int tile_columns = 0;
};

template <typename Real>
class FloatKfac {
 public:
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

  // Of one layer: weights outputs x inputs; inputs and errors (of every sample, not their mean) a column a
  // sample. The weights are changed by update().
  struct Layer {
    Eigen::Ref<Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> weights;
    Eigen::Ref<Vector> bias;
    Matrix inputs;
    Matrix errors;
  };

  // Throws Error when the plan is not valid.
  FloatKfac(const KfacPlan& plan, int batch, const std::vector<LayerCut>& cuts);

  void update(std::vector<Layer>& layers, Real rate);

 private:
  struct Factor {
    Eigen::Index first = 0;
    Eigen::Index count = 0;
    bool fused = false;
    Matrix matrix;
    Matrix inverse;  // of the damped matrix
    Matrix solution;
  };
  // A tile's part of a layer.
  struct Part {
    std::size_t layer = 0;
    Eigen::Index first_row = 0;
    Eigen::Index rows = 0;
    Eigen::Index first_column = 0;
    Eigen::Index columns = 0;
    bool home = false;
    std::vector<Factor> a;
    std::vector<Factor> g;
    Real bias_damping = 0;
    Matrix step;  // columns x rows
    Vector bias_step;
    Matrix velocity;
    Vector bias_velocity;
  };

  void make_parts(const std::vector<Layer>& layers);
  void average(std::vector<Factor>& factors, const Matrix& samples, Real share) const;
  void invert(Part& part) const;
  void precondition(Part& part, const Layer& layer) const;
  Real dot_with_gradient(const Part& part, const Layer& layer) const;

  KfacPlan plan_;
  int batch_;
  std::vector<LayerCut> cuts_;
  std::vector<Part> parts_;
  int updates_ = 0;
  int statistics_ = 0;
};

extern template class FloatKfac<float>;
extern template class FloatKfac<double>;

}  // namespace weft::reference
