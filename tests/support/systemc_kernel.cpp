// SPDX-License-Identifier: Apache-2.0
// Gives every test case, and every section of it, a SystemC kernel of its own.
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#include <systemc>

// libsystemc.so refers to sc_main; the tests have a main of their own and never call it.
int sc_main(int, char*[]) { return 0; }

namespace {

class FreshKernel : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void sectionStarting(const Catch::SectionInfo& info) override {
    TestEventListenerBase::sectionStarting(info);
    if (depth_++ != 0) return;
    // The old context is left behind on purpose: deleting it frees objects that still refer to it.
    sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
    sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    // A warning of the kernel or of TLM is a bug of ours.
    sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
  }
  void sectionEnded(const Catch::SectionStats& stats) override {
    --depth_;
    TestEventListenerBase::sectionEnded(stats);
  }

 private:
  int depth_ = 0;
};

CATCH_REGISTER_LISTENER(FreshKernel)

}  // namespace
