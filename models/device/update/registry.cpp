// SPDX-License-Identifier: Apache-2.0
#include "models/device/update/all_models.h"

namespace weft::device {

namespace {

class Ideal final : public UpdateModel {
 public:
  const char* name() const override { return "ideal"; }
  const char* description() const override { return "one cell unit a pulse"; }
  float change(float /*state*/, bool up, const CellTraits& /*traits*/,
               const UpdateConfig& /*config*/) const override {
    return up ? 1.0F : -1.0F;
  }
};

const Ideal ideal;

}  // namespace

void UpdateModel::pulse(const PulseBatch& batch, const UpdateConfig& config) const {
  pulse_cells(*this, batch, config);
}

const std::vector<const UpdateModel*>& update_models() {
  static const std::vector<const UpdateModel*> models = [] {
    std::vector<const UpdateModel*> all = all_models();
    all.insert(all.begin(), &ideal);
    return all;
  }();
  return models;
}

const UpdateModel* find_update_model(const std::string& name) {
  for (const UpdateModel* model : update_models()) {
    if (name == model->name()) return model;
  }
  return nullptr;
}

}  // namespace weft::device
