// SPDX-License-Identifier: Apache-2.0
// What is trained and how, in plain numbers: shared by the reference trainers and whatever is compared
// with them, so that all start from the same weights and see the samples in the same order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace weft::reference {

enum class Activation { none, relu, sigmoid };

// With t the one-hot target and y the output of the last layer:
//   cross_entropy       -log softmax(y)[label]; the last layer's own activation must be none
//   mean_squared_error  1/2 sum (y - t)^2, the mean being over the samples of a mini-batch
// so that the error at the last layer's output is softmax(y) - t and y - t, without further factors.
enum class Loss { cross_entropy, mean_squared_error };

struct DenseLayer {
  int inputs = 0;
  int outputs = 0;
  Activation activation = Activation::none;
};

struct Network {
  std::vector<DenseLayer> layers;
  Loss loss = Loss::cross_entropy;
};

// How an inversion unit gets a factor: as a matrix formed and averaged digitally, or as the samples of the
// present batch, whose product the circuit forms itself.
enum class FactorMapping { automatic, direct, fused };

// K-FAC (Martens, Grosse, arXiv 1503.05671): a layer's gradient dW becomes G^-1 dW A^-1, A being the mean of
// x xT over the layer's inputs, G that of d dT over the errors at its pre-activations (of the labels given,
// "empirical"). docs/second_order.md has every formula.
struct KfacPlan {
  double damping = 3e-3;
  double statistics_decay = 0.95;  // of the running averages; the k-th statistics count at least 1/k
  int factor_interval = 10;        // updates from one refresh of the factors to the next
  int inverse_interval = 100;      // the same of what the inversion units hold
  double kl_clip = 1e-3;           // 0: none
  double momentum = 0.9;
  double weight_decay = 0;
  int retries = 3;  // with ten times the damping, before the controller solves a system itself
  FactorMapping mapping = FactorMapping::automatic;
  int bits = 0;  // that solutions of inversion circuits are to have; 0: whatever the circuits give
};

struct TrainingPlan {
  int epochs = 1;
  int batch = 1;
  // One for each epoch.
  std::vector<double> learning_rate;
  std::uint64_t seed = 1;
  std::optional<KfacPlan> kfac = std::nullopt;  // without it stochastic gradient descent
};

// Parameters of one dense layer: y = activation(W x + b).
struct LayerWeights {
  // Row-major, outputs x inputs.
  std::vector<double> weights;
  std::vector<double> bias;
};

// Rule for the range of the first weights, all uniform in [-r, r]: He (He, Zhang, Ren, Sun 2015,
// equation 10, with the uniform density of the same variance) has r = sqrt(6 / inputs); Xavier (Glorot,
// Bengio 2010, equation 16) has r = sqrt(6 / (inputs + outputs)). Automatic takes He for relu layers and
// Xavier for all others.
enum class InitialRule { automatic, he, xavier };

// Throw Error naming the layer or value at fault.
void check(const Network& network);
void check(const TrainingPlan& plan);

// Biases are 0. A layer's weights depend on the seed, its index and its own sizes only. Throws Error
// when the network is not valid.
std::vector<LayerWeights> initial_weights(const Network& network, std::uint64_t seed,
                                          InitialRule rule = InitialRule::automatic);

// The order in which an epoch (counted from 0) sees its samples: a permutation of 0 … count - 1
// (Fisher-Yates).
std::vector<std::uint32_t> epoch_order(std::uint64_t seed, int epoch, std::uint32_t count);

}  // namespace weft::reference
