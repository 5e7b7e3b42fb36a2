// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "models/common/float_bits.h"
#include "tools/compiler/fp_codegen.h"

namespace weft::compiler {

using reference::Activation;
using reference::Loss;
using xweft::Mnemonic;

namespace {

// f0 to f7 and f10 belong to the functions; these live on.
constexpr FReg highest = FReg::f18;
constexpr FReg total = FReg::f19;
constexpr FReg factor = FReg::f20;
constexpr FReg step_factor = FReg::f20;  // Adam: −rate / (1 − first decay^t)
constexpr FReg root_factor = FReg::f21;  // Adam: 1 / √(1 − second decay^t)
constexpr FReg epsilon = FReg::f22;
constexpr FReg f0 = FReg::f0;
constexpr FReg f1 = FReg::f1;
constexpr FReg f2 = FReg::f2;
constexpr FReg f3 = FReg::f3;
constexpr FReg f4 = FReg::f4;

constexpr float q16 = 65536.0f;

}  // namespace

// ---- forward ----

void FpGenerator::emit_forward() {
  region("forward");
  e_.bind(forward_);
  as_.mv(link, Reg::ra);
  take_input();
  for (int index = first(); index <= last(); ++index) forward(index);
  if (has_output()) {
    emit_loss();
  } else {
    send_activation();
  }
  as_.mv(Reg::ra, link);
  as_.ret();
}

void FpGenerator::forward(int index) {
  region(index, "forward");
  const FpLayer& own = layer(index);
  as_.note("input x weights");
  for (int block = 0; block < own.blocks; ++block) {
    unit_form(own.group_rows, own.block_outputs(block), own.groups);
    e_.address(Reg::a0, buffers(index).input);
    e_.address(Reg::a1, buffers(index).sum.at(4 * static_cast<std::uint32_t>(block * own.width)));
    unit(Mnemonic::fpm_mvm, own.first_unit + block);
  }
  wait_all_units();
  if (index < last() || !has_output() || mapping_.loss == Loss::mean_squared_error) activate(index);
}

void FpGenerator::activate(int index) {
  const Area result = index == last() ? tile_.output : buffers(index + 1).input;
  const Activation activation = layer(index).activation;
  as_.note("activation");
  if (activation == Activation::relu) as_.fli(f1, 0.0f);
  for_each(layer(index).outputs, {{Reg::a4, buffers(index).sum}, {Reg::a5, result}}, [&] {
    as_.flw(fa0, 0, Reg::a4);
    if (activation == Activation::relu) as_.fmax(fa0, fa0, f1);
    if (activation == Activation::sigmoid) {
      as_.fneg(fa0, fa0);
      as_.call(functions_.exp_function());
      as_.fli(f1, 1.0f);
      as_.fadd(fa0, fa0, f1);
      as_.fdiv(fa0, f1, fa0);
    }
    as_.fsw(fa0, 0, Reg::a5);
  });
}

// ---- loss ----

void FpGenerator::emit_loss() {
  region("loss");
  count_sample();
  load_label();
  if (mapping_.loss == Loss::cross_entropy) {
    emit_cross_entropy();
  } else {
    emit_squared_error();
  }
}

void FpGenerator::load_label() {
  as_.lw(Reg::a3, 0, labels);
  as_.addi(labels, labels, 4);
}

// fa0 is the loss.
void FpGenerator::add_float_loss() {
  as_.note("the sum of losses has 16 fraction bits");
  as_.fli(f1, q16);
  as_.fmul(fa0, fa0, f1);
  as_.to_integer(Reg::t0, fa0);
  add_loss();
}

// The first greatest output is the answer; `highest` is what it was.
void FpGenerator::count_correct() {
  const Area& outputs = mapping_.loss == Loss::cross_entropy ? buffers(last()).sum : tile_.output;
  as_.note("the first greatest output");
  e_.address(Reg::a4, outputs);
  as_.flw(highest, 0, Reg::a4);
  as_.li(Reg::a2, 0);
  as_.li(Reg::t2, 0);
  for_each(layer(last()).outputs, {{Reg::a4, outputs}}, [&] {
    const Label lesser = as_.make_label();
    as_.flw(f1, 0, Reg::a4);
    as_.flt(Reg::t3, highest, f1);
    as_.beq(Reg::t3, Reg::zero, lesser);
    as_.move(highest, f1);
    as_.mv(Reg::a2, Reg::t2);
    as_.bind(lesser);
    as_.addi(Reg::t2, Reg::t2, 1);
  });
  const Label wrong = as_.make_label();
  as_.bne(Reg::a2, Reg::a3, wrong);
  as_.lw(Reg::t1, 4, metrics);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.sw(Reg::t1, 4, metrics);
  as_.bind(wrong);
}

void FpGenerator::emit_cross_entropy() {
  const Area& sums = buffers(last()).sum;
  const Area& error = buffers(last()).error;
  const int outputs = layer(last()).outputs;
  count_correct();
  as_.note("exponentials and their sum");
  as_.fli(total, 0.0f);
  for_each(outputs, {{Reg::a4, sums}, {Reg::a5, error}}, [&] {
    as_.flw(fa0, 0, Reg::a4);
    as_.fsub(fa0, fa0, highest);
    as_.call(functions_.exp_function());
    as_.fsw(fa0, 0, Reg::a5);
    as_.fadd(total, total, fa0);
  });
  as_.note("loss = log(sum) - (output of the label - greatest output)");
  as_.move(fa0, total);
  as_.call(functions_.log_function());
  as_.slli(Reg::a2, Reg::a3, 2);
  e_.address(Reg::t0, sums);
  as_.add(Reg::t0, Reg::t0, Reg::a2);
  as_.flw(f1, 0, Reg::t0);
  as_.fsub(f1, f1, highest);
  as_.fsub(fa0, fa0, f1);
  add_float_loss();
  const Label done = as_.make_label();
  as_.beq(training, Reg::zero, done);
  as_.note("error = exponential / sum, less 1 for the label");
  for_each(outputs, {{Reg::a5, error}}, [&] {
    as_.flw(f1, 0, Reg::a5);
    as_.fdiv(f1, f1, total);
    as_.fsw(f1, 0, Reg::a5);
  });
  e_.address(Reg::t0, error);
  as_.add(Reg::t0, Reg::t0, Reg::a2);
  as_.flw(f1, 0, Reg::t0);
  as_.fli(f2, 1.0f);
  as_.fsub(f1, f1, f2);
  as_.fsw(f1, 0, Reg::t0);
  as_.bind(done);
}

void FpGenerator::emit_squared_error() {
  count_correct();
  as_.note("differences to the target, half the sum of their squares, error at the sums");
  as_.fli(total, 0.0f);
  as_.li(Reg::t2, 0);
  for_each(layer(last()).outputs, {{Reg::a4, tile_.output}, {Reg::a5, buffers(last()).error}}, [&] {
    const Label other = as_.make_label();
    as_.flw(f2, 0, Reg::a4);
    as_.move(f1, f2);
    as_.bne(Reg::t2, Reg::a3, other);
    as_.fli(f3, 1.0f);
    as_.fsub(f1, f1, f3);
    as_.bind(other);
    as_.fmul(f3, f1, f1);
    as_.fadd(total, total, f3);
    multiply_by_slope(layer(last()).activation);
    as_.fsw(f4, 0, Reg::a5);
    as_.addi(Reg::t2, Reg::t2, 1);
  });
  as_.fli(f1, 0.5f);
  as_.fmul(fa0, total, f1);
  add_float_loss();
}

void FpGenerator::multiply_by_slope(Activation activation) {
  as_.move(f4, f1);
  if (activation == Activation::sigmoid) {
    as_.fli(f3, 1.0f);
    as_.fsub(f3, f3, f2);
    as_.fmul(f3, f2, f3);
    as_.fmul(f4, f1, f3);
  }
  if (activation != Activation::relu) return;
  const Label positive = as_.make_label();
  as_.fli(f3, 0.0f);
  as_.flt(Reg::t3, f3, f2);
  as_.bne(Reg::t3, Reg::zero, positive);
  as_.move(f4, f3);
  as_.bind(positive);
}

// ---- backward ----

void FpGenerator::emit_backward() {
  region("backward");
  e_.bind(backward_);
  if (!has_output()) {
    as_.note("errors from the next tile");
    e_.wait_counter(fp_counter::errors, expected(fp_counter::errors), 1);
  }
  for (int index = last(); index >= std::max(first(), 1); --index) backward(index);
  if (!has_input()) send_error();
  as_.ret();
}

void FpGenerator::backward(int index) {
  region(index, "backward");
  const FpLayer& own = layer(index);
  as_.note("weights x error");
  for (int block = 0; block < own.blocks; ++block) {
    unit_form(own.group_rows, own.block_outputs(block), own.groups);
    e_.address(Reg::a0, buffers(index).error.at(4 * static_cast<std::uint32_t>(block * own.width)));
    e_.address(Reg::a1, buffers(index).back.at(4 * static_cast<std::uint32_t>(block * own.padded_rows())));
    unit(Mnemonic::fpm_mtvm, own.first_unit + block);
  }
  wait_all_units();
  const Area& back = buffers(index).back;
  for (int block = 1; block < own.blocks; ++block) {
    as_.note("add what comes through the other blocks");
    const Area more = back.at(4 * static_cast<std::uint32_t>(block * own.padded_rows()));
    for_each(own.inputs, {{Reg::a4, back}, {Reg::a5, more}}, [&] {
      as_.flw(f1, 0, Reg::a4);
      as_.flw(f2, 0, Reg::a5);
      as_.fadd(f1, f1, f2);
      as_.fsw(f1, 0, Reg::a4);
    });
  }
  as_.note("times the derivative of the activation");
  const Area& result = index == first() ? tile_.error_out : buffers(index - 1).error;
  for_each(own.inputs, {{Reg::a4, back}, {Reg::a5, buffers(index).input}, {Reg::a6, result}}, [&] {
    as_.flw(f1, 0, Reg::a4);
    as_.flw(f2, 0, Reg::a5);
    multiply_by_slope(layer(index - 1).activation);
    as_.fsw(f4, 0, Reg::a6);
  });
}

// ---- update ----

void FpGenerator::emit_update() {
  region("update");
  e_.bind(update_);
  const bool adam = mapping_.options.optimizer == FpOptimizer::adam;
  for (int index = first(); index <= last(); ++index) {
    region(index, "update");
    const FpLayer& own = layer(index);
    const FpBuffers& at = buffers(index);
    as_.note(adam ? "gradient = input x error / batch" : "input x (-rate x error)");
    if (adam) {
      as_.fli(factor, 1.0f / static_cast<float>(mapping_.batch));
    } else {
      as_.flw(factor, 0, rates);
    }
    for_each(own.outputs, {{Reg::a4, at.error}, {Reg::a5, at.update}}, [&] {
      as_.flw(f1, 0, Reg::a4);
      as_.fmul(f1, f1, factor);
      as_.fsw(f1, 0, Reg::a5);
    });
    const int first = own.first_unit + (mapping_.states() > 0 ? own.blocks : 0);
    for (int block = 0; block < own.blocks; ++block) {
      unit_form(own.group_rows, own.block_outputs(block), own.groups);
      e_.address(Reg::a0, at.input);
      e_.address(Reg::a1, at.update.at(4 * static_cast<std::uint32_t>(block * own.width)));
      unit(Mnemonic::fpm_opa, first + block);
    }
  }
  wait_all_units();
  as_.ret();
}

void FpGenerator::fill_staging(int number, float value, int rows, int columns) {
  e_.form({}, rows * columns);
  as_.li(Reg::t0, bits_of(value));
  as_.li(Reg::a2, tile_.staging[number]);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::t0, Reg::a2);
  e_.wait_units(vector_unit);
}

// Rows from first_row on; changes the first staging area.
void FpGenerator::scale_state(int number, float scale, int rows, int columns) {
  fill_staging(0, scale, rows, columns);
  as_.li(Reg::a0, tile_.staging[0]);
  unit_rows(Mnemonic::fpm_mul, number, rows, columns);
  wait_unit(number);
}

void FpGenerator::emit_batch_start() {
  if (mapping_.states() == 0) return;
  const bool momentum = mapping_.options.optimizer == FpOptimizer::momentum;
  for (int index = first(); index <= last(); ++index) {
    const FpLayer& own = layer(index);
    region(index, "batch_start");
    e_.forget();
    as_.note(momentum ? "velocity x momentum" : "gradient = 0");
    for (int block = 0; block < own.blocks; ++block) {
      const int number = own.first_unit + own.blocks + block;
      const int columns = own.groups * own.block_outputs(block);
      for_rows(own, block, [&](int rows) {
        if (momentum)
          return scale_state(number, static_cast<float>(mapping_.options.momentum), rows, columns);
        fill_staging(0, 0.0f, rows, columns);
        as_.li(Reg::a0, tile_.staging[0]);
        unit_rows(Mnemonic::fpm_load, number, rows, columns, Formats::cells);
        wait_unit(number);
      });
    }
  }
  region("train");
}

void FpGenerator::emit_batch_end() {
  if (mapping_.states() == 0) return;
  const bool momentum = mapping_.options.optimizer == FpOptimizer::momentum;
  if (!momentum) advance_decays();
  for (int index = first(); index <= last(); ++index) {
    region(index, "batch_end");
    e_.forget();
    for (int block = 0; block < layer(index).blocks; ++block) {
      if (momentum) {
        apply_momentum(layer(index), block);
      } else {
        apply_adam(layer(index), block);
      }
    }
  }
  region("train");
}

void FpGenerator::apply_momentum(const FpLayer& own, int block) {
  const int columns = own.groups * own.block_outputs(block);
  const int weights = own.first_unit + block;
  const int velocity = weights + own.blocks;
  as_.note("weights += velocity");
  for_rows(own, block, [&](int rows) {
    as_.li(Reg::a1, tile_.staging[0]);
    unit_rows(Mnemonic::fpm_read, velocity, rows, columns);
    wait_unit(velocity);
    as_.li(Reg::a0, tile_.staging[0]);
    unit_rows(Mnemonic::fpm_add, weights, rows, columns);
    wait_unit(weights);
  });
}

void FpGenerator::advance_decays() {
  region("adam");
  as_.note("decay rates to the power of the steps taken");
  const auto decay = static_cast<float>(mapping_.options.momentum);
  const auto second = static_cast<float>(mapping_.options.second_decay);
  as_.li(Reg::t0, tile_.decays);
  const auto advance = [&](FReg power, float rate, std::int32_t offset) {
    as_.flw(power, offset, Reg::t0);
    as_.fli(f3, rate);
    as_.fmul(power, power, f3);
    as_.fsw(power, offset, Reg::t0);
    as_.fli(f3, 1.0f);
    as_.fsub(power, f3, power);
  };
  advance(f1, decay, 0);
  advance(f2, second, 4);
  as_.flw(step_factor, 0, rates);
  as_.fdiv(step_factor, step_factor, f1);
  as_.fsqrt(f2, f2);
  as_.fli(f3, 1.0f);
  as_.fdiv(root_factor, f3, f2);
  as_.fli(epsilon, static_cast<float>(mapping_.options.epsilon));
}

void FpGenerator::apply_adam(const FpLayer& own, int block) {
  const int columns = own.groups * own.block_outputs(block);
  const int weights = own.first_unit + block;
  const int gradient = weights + own.blocks;
  const int moment = gradient + own.blocks;
  const int second_moment = moment + own.blocks;
  const auto decay = static_cast<float>(mapping_.options.momentum);
  const auto second_decay = static_cast<float>(mapping_.options.second_decay);
  const auto read = [&](int number, int staging, int rows) {
    as_.li(Reg::a1, tile_.staging[staging]);
    unit_rows(Mnemonic::fpm_read, number, rows, columns);
    wait_unit(number);
  };
  const auto multiply_add = [&](int number, int staging0, int staging1, int rows) {
    as_.li(Reg::a0, tile_.staging[staging0]);
    as_.li(Reg::a1, tile_.staging[staging1]);
    unit_rows(Mnemonic::fpm_mac, number, rows, columns);
    wait_unit(number);
  };
  const auto area = [&](int number) { return Area{tile_.staging[number], 0}; };
  for_rows(own, block, [&](int rows) {
    as_.note("moments of the gradient");
    read(gradient, 1, rows);
    as_.fli(f2, 1.0f - second_decay);
    for_each(rows * columns, {{Reg::a4, area(1)}, {Reg::a5, area(2)}}, [&] {
      as_.flw(f1, 0, Reg::a4);
      as_.fmul(f1, f1, f2);
      as_.fsw(f1, 0, Reg::a5);
    });
    scale_state(moment, decay, rows, columns);
    scale_state(second_moment, second_decay, rows, columns);
    multiply_add(second_moment, 2, 1, rows);
    fill_staging(0, 1.0f - decay, rows, columns);
    multiply_add(moment, 1, 0, rows);
    as_.note("weights += step");
    read(moment, 1, rows);
    read(second_moment, 2, rows);
    for_each(rows * columns, {{Reg::a4, area(1)}, {Reg::a5, area(2)}, {Reg::a6, area(0)}}, [&] {
      as_.flw(f1, 0, Reg::a4);
      as_.flw(f2, 0, Reg::a5);
      as_.fsqrt(f2, f2);
      as_.fmul(f2, f2, root_factor);
      as_.fadd(f2, f2, epsilon);
      as_.fmul(f1, f1, step_factor);
      as_.fdiv(f1, f1, f2);
      as_.fsw(f1, 0, Reg::a6);
    });
    as_.li(Reg::a0, tile_.staging[0]);
    unit_rows(Mnemonic::fpm_add, weights, rows, columns);
    wait_unit(weights);
  });
}

}  // namespace weft::compiler
