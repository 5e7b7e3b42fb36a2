// SPDX-License-Identifier: Apache-2.0
#include "platform/config/schema.h"

namespace weft::config {

namespace {

constexpr double millisecond = 1e6;  // in ns
constexpr double second = 1e9;
constexpr int any_positive = 1'000'000'000;

// ---- platform ----

const Table<CycleCosts>& cycle_costs_table() {
  using C = CycleCosts;
  const auto cycles = [](unsigned least = 1) { return count(least, 1000); };
  static const Table<C> table =
      Table<C>()
          .add("alu", &C::alu, cycles(), "Cycles of an integer operation.")
          .add("load", &C::load, cycles(), "Cycles of a load, besides the memory's own time.")
          .add("store", &C::store, cycles(), "Cycles of a store, besides the memory's own time.")
          .add("branch", &C::branch, cycles(), "Cycles of a branch not taken.")
          .add("branch_taken", &C::branch_taken, cycles(), "Cycles of a taken branch.")
          .add("jump", &C::jump, cycles(), "Cycles of a jump, call or return.")
          .add("multiply", &C::multiply, cycles(), "Cycles of a multiplication.")
          .add("divide", &C::divide, cycles(), "Cycles of a division or remainder.")
          .add("csr", &C::csr, cycles(), "Cycles of a control and status register access.")
          .add("atomic", &C::atomic, cycles(), "Cycles of an atomic memory operation.")
          .add("fence", &C::fence, cycles(), "Cycles of a fence.")
          .add("custom", &C::custom, cycles(), "Cycles to issue an in-memory-computing instruction.")
          .add("trap", &C::trap, cycles(), "Cycles to enter or leave a trap handler.")
          .add("load_use", &C::load_use, cycles(0),
               "Cycles added to a load if the next instruction reads what it loads.")
          .add("float_simple", &C::float_simple, cycles(),
               "Cycles of floating-point comparisons, moves, signs, minima and classification.")
          .add("float_arithmetic", &C::float_arithmetic, cycles(),
               "Cycles of floating-point sums, products and conversions.")
          .add("float_divide", &C::float_divide, cycles(), "Cycles of a floating-point division.")
          .add("float_sqrt", &C::float_sqrt, cycles(), "Cycles of a floating-point square root.");
  return table;
}

const Table<HartConfig>& hart_table() {
  using H = HartConfig;
  static const Table<H> table =
      Table<H>()
          .add("isa", &H::isa, text(),
               "Instruction set: rv32i, letters of m, a, f, c, b, then any of _zba, _zbb, _zbs. Programs see "
               "it in misa.")
          .add("user_mode", &H::user_mode, flag(), "User mode beside machine mode.")
          .add("pmp_entries", &H::pmp_entries, integer(0, 16), "Entries of physical memory protection.")
          .add("misaligned", &H::misaligned,
               choice<Misaligned>({{"trap", Misaligned::trap}, {"hardware", Misaligned::hardware}}),
               "Misaligned loads and stores: trap, or done in pieces at twice the cycles.");
  return table;
}

const Table<MeshSize>& mesh_size_table() {
  static const Table<MeshSize> table =
      Table<MeshSize>()
          .add("columns", &MeshSize::columns, integer(1, 32), "Columns of the mesh of tiles.")
          .add("rows", &MeshSize::rows, integer(1, 32), "Rows of the mesh of tiles.");
  return table;
}

const Table<FlashConfig>& flash_table() {
  using F = FlashConfig;
  static const Table<F> table =
      Table<F>()
          .add("image", &F::image, optional_of(path(PathBase::file)),
               "Contents of the flash at 0x2000_0000, which the bus can only read; without it there is no "
               "flash.")
          .add("size", &F::size_bytes, byte_size(4 * kibibyte, 32 * mebibyte, 4 * kibibyte),
               "Size of the flash; what the image leaves reads 0xff.");
  return table;
}

// true, false, or {root}, which means true.
class SemihostingCodec final : public Codec<SemihostingConfig> {
 public:
  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            SemihostingConfig& value) const override {
    value = SemihostingConfig();
    if (node.is_scalar()) return flag()->read(reader, node, path, value.enabled);
    if (!node.is_mapping()) return reader.wrong_value(node, path, "true, false or a mapping with root");
    value.enabled = true;
    return table().read(reader, node, path, value);
  }
  YamlNode write(const SemihostingConfig& value, WriteFor purpose) const override {
    return value.enabled ? table().write(value, purpose) : flag()->write(false, purpose);
  }
  void document(KeyDoc doc, const SemihostingConfig& initial, std::vector<KeyDoc>& docs) const override {
    const std::string path = doc.path;
    flag()->document(std::move(doc), initial.enabled, docs);
    docs.back().type = "boolean or mapping";
    table().document(path, initial, docs);
  }

 private:
  static const Table<SemihostingConfig>& table() {
    static const Table<SemihostingConfig> table = Table<SemihostingConfig>().add(
        "root", &SemihostingConfig::root, path(PathBase::literal),
        "Folder whose files semihosting may use, relative to the current directory.");
    return table;
  }
};

const Table<HostConfig>& host_table() {
  using H = HostConfig;
  static const Table<H> table =
      Table<H>()
          .add("dram_size", &H::dram_size_bytes, byte_size(mebibyte, 2 * gibibyte, 4 * kibibyte),
               "Size of the DRAM at 0x8000_0000.")
          .add("dram_latency", &H::dram_latency_ns, duration(0, 10'000),
               "Time from request to first byte, with platform.memory.kind: simple.")
          .add("dram_bandwidth", &H::dram_bandwidth_GBps, bandwidth(0.001, 10'000),
               "Bytes the DRAM moves per time, with platform.memory.kind: simple; transfers queue for it.")
          .add("sram_size", &H::sram_size_bytes, byte_size(4 * kibibyte, 16 * mebibyte, 4 * kibibyte),
               "Size of the host's SRAM.")
          .add("flash", &H::flash, object(flash_table()), "")
          .add("boot", &H::boot, choice<BootSource>({{"elf", BootSource::elf}, {"flash", BootSource::flash}}),
               "elf: the hart starts at the entry of the firmware; flash: at the start of the flash, and no "
               "firmware is loaded.")
          .add("semihosting", &H::semihosting,
               CodecPtr<SemihostingConfig>(std::make_shared<SemihostingCodec>()),
               "Serve semihosting requests of the firmware: console, files, exit code.")
          .add("hart", &H::hart, object(hart_table()), "")
          .add("cycles", &H::cycles, object(cycle_costs_table()), "");
  return table;
}

const Table<TileConfig>& tile_table() {
  using T = TileConfig;
  static const Table<T> table =
      Table<T>()
          .add("buffer_size", &T::buffer_size_bytes, byte_size(4 * kibibyte, 768 * kibibyte, 4 * kibibyte),
               "Size of a tile's buffer; the rest of the tile's 1 MiB window holds its units.")
          .add("buffer_latency", &T::buffer_latency_ns, duration(0, 10'000),
               "Time from request to first byte.")
          .add("buffer_bandwidth", &T::buffer_bandwidth_GBps, bandwidth(0.001, 10'000),
               "Bytes the buffer, or each of its banks, moves per time; its users queue for it.")
          .add("buffer_banks", &T::buffer_banks, integer(1, 64),
               "Banks of the buffer, in which its words lie in turn: users wait only where they meet in a "
               "bank; 1: "
               "all share one port.")
          .add("buffer_word", &T::buffer_word_bytes, byte_size(4, 4 * kibibyte, 4),
               "Bytes that a bank moves at a time.")
          .only_with("buffer_banks", "buffer_banks: 2 or more",
                     [](const T& tile) { return tile.buffer_banks > 1; })
          .add("crossbars", &T::crossbars, integer(1, 24), "Crossbar units of a tile.")
          .add("inversion_units", &T::inversion_units, integer(0, 8), "Matrix inversion units of a tile.")
          .add("fp_pim_units", &T::fp_pim_units, integer(0, 8), "Floating-point PIM units of a tile.")
          .add("queue_depth", &T::queue_depth, integer(1, 255),
               "Commands a unit holds before whoever issues the next one waits.")
          .add("vector_lanes", &T::vector_lanes, integer(1, 1024),
               "Elements the vector unit processes a cycle.")
          .add("sync_counters", &T::sync_counters, integer(1, 64), "Counters tiles wait for each other with.")
          .add("check_hazards", &T::check_hazards, flag(),
               "Warn where a tile's program touches memory that a command in flight still owns; slower, "
               "results and simulated time stay the same.")
          .add("reram_buffer", &T::reram_buffer, object(reram_buffer_table()), "")
          .add("write_filters", &T::write_filters, object(buffer_filters_table()), "")
          .only_with("reram_buffer", "reram_buffer.size",
                     [](const T& tile) { return tile.reram_buffer.size_bytes > 0; })
          .add("hart", &T::hart, object(hart_table()), "")
          .add("cycles", &T::cycles, object(cycle_costs_table()), "");
  return table;
}

const Table<CrossbarConfig>& crossbar_table() {
  using C = CrossbarConfig;
  const auto has_cells = [](const C& crossbar) { return crossbar.update != UpdatePolicy::digital; };
  static const Table<C> table =
      Table<C>()
          .add("rows", &C::rows, integer(1, 1024), "Rows of an array (inputs of a matrix-vector product).")
          .add("columns", &C::columns, integer(1, 1024), "Columns of an array.")
          .add("slices", &C::slices, integer(1, 32),
               "Arrays that hold one weight; slices x digit_bits is the weight's width, at most 32 bits.")
          .add("digit_bits", &C::digit_bits, integer(1, 8), "Weight bits a slice holds (radix 2^digit_bits).")
          .add(
              "encoding", &C::encoding,
              choice<Encoding>({{"reference", Encoding::reference},
                                {"offset", Encoding::offset},
                                {"unit_column", Encoding::unit_column},
                                {"differential", Encoding::differential},
                                {"twos_complement", Encoding::twos_complement}}),
              "How cells hold signed digits. reference: about a middle state that is subtracted from "
              "currents; offset: the same, subtracted digitally after conversion; unit_column: subtracted as "
              "converted from one more line; differential: pairs of cells; twos_complement: as reference, "
              "with signed digits in the top slice only.")
          .add("cell_bits", &C::cell_bits, uniform_or_list_of(integer(1, 8), "integers"),
               "Resolution of a cell, digit and carry room together: one number for all slices, or one a "
               "slice from the least significant up.")
          .add("dac_bits", &C::dac_bits, integer(1, 8), "Input bits a row is driven with in one step.")
          .add(
              "adc_bits", &C::adc_bits, uniform_or_list_of(integer(2, 28), "integers"),
              "Resolution of the column converters: one number for all slices, or one a slice from the least "
              "significant up.")
          .add("adcs", &C::adcs, integer(1, 1024),
               "Converters of an array, which share its lines evenly; more make a step shorter, down to "
               "technology.crossbar.settle.")
          .add("adc_range", &C::adc_range,
               choice<AdcRange>({{"max", AdcRange::max},
                                 {"granular", AdcRange::granular},
                                 {"calibrated", AdcRange::calibrated}}),
               "max: full scale covers the largest current; granular: one step is one cell unit and "
               "larger currents clip; calibrated: full scale is adc_full_scale.")
          .add("adc_full_scale", &C::adc_full_scale, uniform_or_list_of(integer(1, any_positive), "integers"),
               "Largest current the converters cover, in cell units: one number for all slices, or one a "
               "slice from the least significant up.")
          .only_with("adc_range", "adc_range: calibrated",
                     [](const C& crossbar) { return crossbar.adc_range == AdcRange::calibrated; })
          .add("adc_full_scale_by_layer", &C::adc_full_scale_by_layer,
               list_of(list_of(integer(1, any_positive), "integers"), "lists"),
               "The same for each layer, as `weft calibrate` writes it: one list a layer, one entry a slice; "
               "instead of adc_full_scale.")
          .only_with("adc_range", "adc_range: calibrated",
                     [](const C& crossbar) { return crossbar.adc_range == AdcRange::calibrated; })
          .add(
              "update", &C::update,
              choice<UpdatePolicy>({{"in_place", UpdatePolicy::in_place},
                                    {"write_back", UpdatePolicy::write_back},
                                    {"digital", UpdatePolicy::digital}}),
              "in_place: outer products are deposited in the cells; write_back: digital outer products, and "
              "weights are read, changed and written before the next product; digital: digital units on SRAM "
              "instead of arrays.")
          .add(
              "registers", &C::registers, flag(),
              "Operands and results lie in registers of the unit, PUMA's XbarIn and XbarOut, which addresses "
              "in the buffer stand for: no transfers, and accesses cost what technology.crossbar says.")
          .add(
              "arithmetic", &C::arithmetic,
              choice<Arithmetic>({{"automatic", Arithmetic::automatic},
                                  {"exact", Arithmetic::exact},
                                  {"sliced", Arithmetic::sliced},
                                  {"device", Arithmetic::device},
                                  {"none", Arithmetic::none}}),
              "How results are computed; never changes time or energy. automatic: integers where "
              "provably equal to sliced; sliced: always slice by slice; exact: an error where not provable; "
              "device: slice by slice with the effects of crossbar.device; none: not at all, every result is "
              "0 (time and energy of networks too large to compute).")
          .add("device", &C::device, object(device_table()), "")
          .only_with("arithmetic", "arithmetic: device",
                     [](const C& crossbar) { return crossbar.arithmetic == Arithmetic::device; })
          .add("write_filter", &C::write_filter, object(write_filter_table()), "")
          .only_with("update", "update: in_place or write_back", has_cells)
          .add("kernel_filter", &C::kernel_filter, object(write_filter_table()), "")
          .only_with("update", "update: write_back",
                     [](const C& crossbar) { return crossbar.update == UpdatePolicy::write_back; })
          .add("endurance", &C::endurance, object(endurance_table()), "")
          .only_with("update", "update: in_place or write_back", has_cells);
  return table;
}

const Table<FpPimConfig>& fp_pim_table() {
  static const Table<FpPimConfig> table =
      Table<FpPimConfig>()
          .add("rows", &FpPimConfig::rows, integer(1, 1024), "Rows of numbers of a floating-point PIM unit.")
          .add("columns", &FpPimConfig::columns, integer(1, 1024),
               "Columns of numbers, which work all at once.")
          .add("format", &FpPimConfig::format,
               choice<FloatFormat>(
                   {{"fp32", FloatFormat::fp32}, {"fp16", FloatFormat::fp16}, {"bf16", FloatFormat::bf16}}),
               "Format of the numbers: what a compiled network is trained in, and what the area is for.");
  return table;
}

const Table<NocConfig>& noc_table() {
  using N = NocConfig;
  static const Table<N> table =
      Table<N>()
          .add("fidelity", &N::fidelity,
               choice<NocFidelity>({{"ideal", NocFidelity::ideal},
                                    {"lt", NocFidelity::lt},
                                    {"flit", NocFidelity::flit},
                                    {"auto", NocFidelity::automatic}}),
               "ideal: latency only; lt: loosely timed, ports reserved by calendar; flit: flit by flit; "
               "auto: lt, saturated phases flit by flit.")
          .add("topology", &N::topology,
               choice<NocTopology>({{"mesh", NocTopology::mesh},
                                    {"torus", NocTopology::torus},
                                    {"cmesh", NocTopology::cmesh},
                                    {"ring", NocTopology::ring},
                                    {"crossbar", NocTopology::crossbar}}),
               "How routers are connected; cmesh: several tiles share one, crossbar: all do.")
          .add("routing", &N::routing,
               choice<NocRouting>(
                   {{"xy", NocRouting::xy}, {"yx", NocRouting::yx}, {"west_first", NocRouting::west_first}}),
               "Way through a mesh or torus; west_first: adaptive, meshes only.")
          .add("concentration", &N::concentration, integer(1, 8),
               "Columns and rows of tiles that share a router of a cmesh.")
          .add("hop_cycles", &N::hop_cycles, integer(1, 64),
               "Cycles a head flit takes from router to router; at least 3 with flit, where 3 is a "
               "speculative pipeline.")
          .add("flit_bytes", &N::flit_bytes, integer(1, 256), "Payload bytes of a flit.")
          .add("virtual_channels", &N::virtual_channels, integer(1, 16), "Virtual channels of a port.")
          .add("buffer_flits", &N::buffer_flits, integer(1, 1024),
               "Flits a virtual channel has room for; flit only.")
          .add("control_priority", &N::control_priority, flag(),
               "Messages without payload have channels of their own and go first.")
          .add("posted_writes", &N::posted_writes, integer(0, 1024),
               "Messages that a tile's network interface holds for a send instruction that does not wait for "
               "them; 0: every send waits for its acknowledgements.")
          .add("multicast", &N::multicast, flag(),
               "What a tile sends to several others travels along a tree; needs posted_writes.")
          .add("max_packet_flits", &N::max_packet_flits, integer(1, 1024),
               "Payload flits of a packet; longer messages are cut.")
          .add("clock_MHz", &N::clock_MHz, real(1, 4000), "Clock of routers and links in MHz.")
          .add("host_node", &N::host_node, mesh_position(31, 31), "Router that the host is attached to.");
  return table;
}

const Table<PlatformConfig>& platform_table() {
  using P = PlatformConfig;
  static const Table<P> table =
      Table<P>()
          .add_loader_key({"preset", "name", "none", "file platforms/<name>.yaml",
                           "Takes the platform from that file; the keys beside it override."})
          .add("tiles", &P::tiles, object(mesh_size_table()), "")
          .add("clock_MHz", &P::clock_MHz, real(1, 4000), "Clock of harts and units in MHz.")
          .add("quantum", &P::quantum_ns, duration(1, second),
               "Time a hart may run ahead of the others; results do not depend on it.")
          .add("host", &P::host, object(host_table()), "")
          .add("tile", &P::tile, object(tile_table()), "")
          .add("crossbar", &P::crossbar, object(crossbar_table()), "")
          .add("inversion", &P::inversion, object(inversion_table()), "")
          .add("fp_pim", &P::fp_pim, object(fp_pim_table()), "")
          .add("noc", &P::noc, object(noc_table()), "")
          .add("memory", &P::memory, object(memory_table()), "");
  return table;
}

// ---- workload ----

CodecPtr<int> variant_number() { return integer(1, 3); }

const Table<LayerConfig>& layer_table() {
  using L = LayerConfig;
  static const Table<L> table =
      Table<L>()
          .add("type", &L::type, choice<LayerType>({{"dense", LayerType::dense}}),
               "dense: every input reaches every output, with a bias.")
          .add("outputs", &L::outputs, integer(1, 65536), "Outputs of the layer.")
          .required()
          .add(
              "activation", &L::activation,
              choice<Activation>(
                  {{"none", Activation::none}, {"relu", Activation::relu}, {"sigmoid", Activation::sigmoid}}),
              "Function after the weights.")
          .add("variant", &L::variant, optional_of(variant_number()), "As training.variant, for this layer.");
  return table;
}

const Table<TileProgram>& program_table() {
  static const Table<TileProgram> table =
      Table<TileProgram>()
          .add("tile", &TileProgram::tile, integer(0, 1023), "Tile that runs it, counted row by row.")
          .required()
          .add("elf", &TileProgram::elf, path(PathBase::file), "The program, an RV32 ELF file.")
          .required();
  return table;
}

const Table<NumberFormat>& number_format_table() {
  using F = NumberFormat;
  static const Table<F> table =
      Table<F>()
          .add("input_bits", &F::input_bits, integer(1, 15), "Magnitude bits of the network's inputs.")
          .add("activation_bits", &F::activation_bits, integer(1, 15),
               "Magnitude bits of activations between layers; a matrix-vector product takes as many steps.")
          .add("error_bits", &F::error_bits, integer(1, 15), "Magnitude bits of errors and deltas.");
  return table;
}

const Table<WorkloadConfig>& workload_table() {
  using W = WorkloadConfig;
  const auto has_network = [](const W& workload) { return workload.programs.empty(); };
  static const Table<W> table =
      Table<W>()
          .add("layers", &W::layers, list_of(object(layer_table()), "layers"),
               "The network to train, from the input on. Either this or programs.")
          .add("mapping", &W::mapping,
               choice<Mapping>({{"crossbar", Mapping::crossbar}, {"fp_pim", Mapping::fp_pim}}),
               "What holds the weights: crossbar units, in fixed point; or floating-point PIM units, in "
               "platform.fp_pim.format.")
          .only_with("programs", "workload.layers", has_network)
          .add("placement", &W::placement,
               choice<Placement>({{"auto", Placement::automatic},
                                  {"packed", Placement::packed},
                                  {"spread", Placement::spread}}),
               "packed: layers share tiles, as few as possible; spread: as many tiles as the layers can use; "
               "auto: spread on crossbars, on floating-point PIM units packed if one tile holds the network, "
               "else spread.")
          .only_with("programs", "workload.layers", has_network)
          .add("loss", &W::loss,
               choice<Loss>({{"cross_entropy", Loss::cross_entropy},
                             {"mean_squared_error", Loss::mean_squared_error}}),
               "cross_entropy: softmax of the last layer, whose activation is none; mean_squared_error: "
               "against one-hot targets.")
          .only_with("programs", "workload.layers", has_network)
          .add("programs", &W::programs, list_of(object(program_table()), "programs"),
               "Hand-written programs instead of a network; training and dataset are then left out.")
          .add("number_format", &W::number_format, object(number_format_table()), "")
          .only_with("programs", "workload.layers", has_network);
  return table;
}

// ---- training ----

// A number, a list of numbers, or {initial, decay}.
class LearningRateCodec final : public Codec<LearningRate> {
 public:
  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            LearningRate& value) const override {
    value = LearningRate();
    if (node.is_mapping()) return table().read(reader, node, path, value);
    if (node.is_sequence()) return schedule_->read(reader, node, path, value.schedule);
    if (node.is_scalar()) return rate()->read(reader, node, path, value.initial);
    return reader.wrong_value(node, path, "a number, a list of numbers or a mapping with initial and decay");
  }
  YamlNode write(const LearningRate& value, WriteFor purpose) const override {
    if (!value.schedule.empty()) return schedule_->write(value.schedule, purpose);
    return table().write(value, purpose);
  }
  void document(KeyDoc doc, const LearningRate& initial, std::vector<KeyDoc>& docs) const override {
    doc.type = "number, list of numbers or mapping";
    doc.range = "1e-09 … 10";
    const std::string path = doc.path;
    docs.push_back(std::move(doc));
    table().document(path, initial, docs);
  }

 private:
  static CodecPtr<double> rate() { return real(1e-9, 10); }
  static const Table<LearningRate>& table() {
    static const Table<LearningRate> table =
        Table<LearningRate>()
            .add("initial", &LearningRate::initial, rate(), "Rate of the first epoch.")
            .required()
            .add("decay", &LearningRate::decay, real(1e-6, 1), "Factor from one epoch to the next.");
    return table;
  }

  CodecPtr<std::vector<double>> schedule_ = list_of(rate(), "numbers");
};

CodecPtr<PerBatch> per_batch() {
  return choice<PerBatch>({{"example", PerBatch::example}, {"batch", PerBatch::batch}});
}

const Table<KfacConfig>& kfac_table() {
  using K = KfacConfig;
  static const Table<K> table =
      Table<K>()
          .add("damping", &K::damping, real(1e-12, 1),
               "Lambda: sqrt(lambda) is added to the diagonals of both factors, times and divided by pi, "
               "which makes up for their different size.")
          .add("statistics_decay", &K::statistics_decay, real(0, 0.9999),
               "Share that the running averages of the factors keep at a refresh; the k-th statistics count "
               "at least 1/k.")
          .add("factor_interval", &K::factor_interval, integer(1, 1'000'000),
               "Updates from one refresh of the factors to the next.")
          .add("inverse_interval", &K::inverse_interval, integer(1, 1'000'000),
               "Updates from one loading of the inversion units to the next.")
          .add("kl_clip", &K::kl_clip, real(0, 1000),
               "A step is scaled down so that rate² times its dot product with the gradient is at most this; "
               "0: never.")
          .add("momentum", &K::momentum, real(0, 0.9999), "Share of the velocity that the next update keeps.")
          .add("weight_decay", &K::weight_decay, real(0, 0.5), "Share of a weight that is added to its step.")
          .add("retries", &K::retries, integer(0, 8),
               "Times that a system whose inversion fails, with compensated rounding, too, is tried again, "
               "each with ten times the damping, before the controller solves it.")
          .add("mapping", &K::mapping,
               choice<FactorMapping>({{"auto", FactorMapping::automatic},
                                      {"direct", FactorMapping::direct},
                                      {"fused", FactorMapping::fused}}),
               "What an inversion unit gets: direct: the damped running average; fused: the samples of the "
               "batch, whose product the circuit forms itself; auto: the smaller product of cells, time and "
               "energy.")
          .add("bits", &K::bits, integer(0, 40),
               "Bits that solutions of inversion circuits are to have: the compiler chooses the terms or "
               "passes of every factor; 0: those of platform.inversion.");
  return table;
}

const Table<MomentsConfig>& moments_table() {
  using M = MomentsConfig;
  static const Table<M> table =
      Table<M>()
          .add("momentum", &M::momentum, real(0, 0.9999), "Decay of the velocity, or of Adam's first moment.")
          .add("second_decay", &M::second_decay, real(0, 0.999999), "Decay of Adam's second moment.")
          .add("epsilon", &M::epsilon, real(1e-12, 1), "Added to the root of Adam's second moment.");
  return table;
}

const Table<TrainingConfig>& training_table() {
  using T = TrainingConfig;
  static const Table<T> table =
      Table<T>()
          .add(
              "optimizer", &T::optimizer,
              choice<Optimizer>({{"sgd", Optimizer::sgd},
                                 {"kfac", Optimizer::kfac},
                                 {"momentum", Optimizer::momentum},
                                 {"adam", Optimizer::adam}}),
              "sgd: stochastic gradient descent; kfac: second order (K-FAC), needs inversion units and harts "
              "with floating point (f) in the tiles; momentum, adam: keep state in further floating-point "
              "PIM units, with workload.mapping fp_pim.")
          .add("kfac", &T::kfac, object(kfac_table()), "")
          .add("epochs", &T::epochs, integer(1, 100'000), "Passes over the training samples.")
          .required()
          .add("batch", &T::batch, integer(1, 65536), "Samples whose gradients make one update.")
          .add("learning_rate", &T::learning_rate,
               CodecPtr<LearningRate>(std::make_shared<LearningRateCodec>()),
               "One rate for all epochs, a list with one an epoch (the last one holds on), or a mapping.")
          .required()
          .add("moments", &T::moments, object(moments_table()), "")
          .add("seed", &T::seed, seed_number(), "Seed of initial weights and order of samples.")
          .add("initial", &T::initial,
               choice<InitialWeights>({{"auto", InitialWeights::automatic},
                                       {"he", InitialWeights::he},
                                       {"xavier", InitialWeights::xavier}}),
               "Distribution of the initial weights; auto: he for relu layers, xavier for others.")
          .add("variant", &T::variant, variant_number(),
               "Copies of every weight matrix, PANTHER's variants #1 to #3. 1: one, updated after the batch; "
               "2: one more for backward passes, which overlap forward passes; 3: a third, updated at once "
               "and copied back after the batch.")
          .add("gradient", &T::gradient,
               choice<Gradient>({{"outer_products", Gradient::outer_products},
                                 {"activation_kernels", Gradient::activation_kernels}}),
               "outer_products: of inputs and errors, deposited in the weights or collected beside them; "
               "activation_kernels: inputs are written into further arrays, whose products with the errors "
               "are the gradients, and weights are changed once a batch (PipeLayer).")
          .add("gradient_store", &T::gradient_store, per_batch(),
               "batch: the arrays sum over the samples of a batch; example: every sample's gradient goes to "
               "DRAM, and they are added up at the end of the batch, as in PipeLayer.")
          .only_with("gradient", "gradient: activation_kernels",
                     [](const T& training) { return training.gradient == Gradient::activation_kernels; })
          .add("schedule", &T::schedule,
               choice<Schedule>({{"auto", Schedule::automatic},
                                 {"sequential", Schedule::sequential},
                                 {"pipelined", Schedule::pipelined}}),
               "sequential: a sample goes forward and backward before the next one starts; pipelined: layers "
               "work on different samples at once; auto: pipelined if a layer has copies, else all samples "
               "forward, then all backward.")
          .add("deposits", &T::deposits, per_batch(),
               "example: an outer product into the arrays for every sample; batch: their sum, formed in the "
               "vector unit, goes into the arrays once a batch.")
          .add("carry_period", &T::carry_period, integer(1, any_positive),
               "Samples or batches (carry_unit) an array learns before its carries are resolved.")
          .add("carry_unit", &T::carry_unit, per_batch(), "What carry_period counts.")
          .add("carry_limit", &T::carry_limit, integer(0, any_positive),
               "Carries are also resolved once the cells of slice carry_slice have lost so many updates "
               "since the "
               "last resolution; 0: no such limit.")
          .add("carry_slice", &T::carry_slice, integer(0, 31),
               "Slice that carry_limit watches, counted from the least significant.")
          .add("write_filter_schedule", &T::write_filter_schedule,
               list_of(object(filter_change_table()), "changes"),
               "Changes of platform.crossbar.write_filter at the beginning of epochs, made by the tile "
               "programs through the filters' registers; what a change does not name stays as it is.")
          .add("evaluate", &T::evaluate, flag(), "Run the test samples after each epoch.")
          .add("shuffle", &T::shuffle, flag(), "A new order of the training samples each epoch.");
  return table;
}

// ---- dataset ----

const Table<DatasetConfig>& dataset_table() {
  using D = DatasetConfig;
  const auto is = [](DatasetKind kind) { return [kind](const D& dataset) { return dataset.kind == kind; }; };
  static const Table<D> table =
      Table<D>()
          .add("kind", &D::kind,
               choice<DatasetKind>(
                   {{"digits", DatasetKind::digits}, {"idx", DatasetKind::idx}, {"csv", DatasetKind::csv}}),
               "digits: drawn by the program, needs no files; idx: MNIST's format; csv: a table.")
          .required()
          .add("train", &D::train, integer(1, 10'000'000), "Samples to train with.")
          .required()
          .add("test", &D::test, integer(0, 10'000'000), "Samples to test with.")
          .required()
          .add("size", &D::size, integer(8, 64), "Width and height of a digit in pixels.")
          .only_with("kind", "kind: digits", is(DatasetKind::digits))
          .add("seed", &D::seed, seed_number(), "Seed of the drawn digits.")
          .only_with("kind", "kind: digits", is(DatasetKind::digits))
          .add("directory", &D::directory, path(PathBase::folder),
               "Where the files are; without it, the scenario's own folder. --data overrides it.")
          .only_with("kind", "kind: idx or csv",
                     [](const D& dataset) { return dataset.kind != DatasetKind::digits; })
          .not_in_hash()
          .add("images", &D::images, optional_of(path(PathBase::literal)),
               "File with the images, in `directory`; without it, the usual names are looked for.")
          .only_with("kind", "kind: idx", is(DatasetKind::idx))
          .add("labels", &D::labels, optional_of(path(PathBase::literal)),
               "File with the labels, in `directory`.")
          .only_with("kind", "kind: idx", is(DatasetKind::idx))
          .add("path", &D::path, path(PathBase::literal), "The table, in `directory`.")
          .required()
          .only_with("kind", "kind: csv", is(DatasetKind::csv))
          .add("label_column", &D::label_column, optional_of(text()),
               "Column of the label: its name, or its number from 1; without it, the last.")
          .only_with("kind", "kind: csv", is(DatasetKind::csv))
          .add("delimiter", &D::delimiter, character(), "What separates columns.")
          .only_with("kind", "kind: csv", is(DatasetKind::csv));
  return table;
}

// ---- run ----

const Table<SpeedConfig>& speed_table() {
  using S = SpeedConfig;
  static const Table<S> table =
      Table<S>()
          .add("block_cache", &S::block_cache, flag(),
               "Harts keep decoded instructions. Changes how fast the simulation is, and nothing in it.")
          .add("direct_memory", &S::direct_memory, flag(),
               "Harts reach memories through host pointers. Changes how fast the simulation is, and nothing "
               "in it.")
          .add("jit", &S::jit,
               choice<JitMode>({{"off", JitMode::off}, {"on", JitMode::on}, {"lockstep", JitMode::lockstep}}),
               "Harts translate hot code to machine code of the host (x86-64; needs block_cache). lockstep: "
               "and check it against the interpreter, which is slow. Changes how fast the simulation is, and "
               "nothing in it.");
  return table;
}

class ThreadsCodec final : public ScalarCodec<int> {
 protected:
  std::optional<int> parse(const YamlNode& scalar) const override {
    if (scalar.text == automatic) return 0;
    const std::optional<int> value = parse_integer<int>(scalar.text);
    if (scalar.quoted || !value || *value < 1 || *value > most) return std::nullopt;
    return value;
  }
  YamlNode write_scalar(const int& value) const override {
    return YamlNode::scalar(value == 0 ? automatic : fmt::format("{}", value));
  }
  std::string type() const override { return "integer or choice"; }
  std::string range() const override { return fmt::format("1 … {}, {}", most, automatic); }
  std::string expected() const override {
    return fmt::format("an integer from 1 to {} or {}", most, automatic);
  }
  std::vector<std::string> words() const override { return {automatic}; }

 private:
  static constexpr int most = 256;
  static constexpr const char* automatic = "auto";
};

const Table<RunConfig>& run_table() {
  using R = RunConfig;
  static const Table<R> table =
      Table<R>()
          .add("output", &R::output, path(PathBase::literal),
               "Where the results go, relative to the current directory; without it, results/<name>.")
          .not_in_hash()
          .add("firmware", &R::firmware, optional_of(path(PathBase::file)),
               "Firmware of your own for the host, an RV32 ELF file, instead of the one built in.")
          .add("max_simulated_time", &R::max_simulated_time_ns, duration(0, 1e6 * second),
               "The run stops after this much simulated time; 0: no limit.")
          .add("watchdog", &R::watchdog_ns, duration(millisecond / 1000, 1e6 * second),
               "Simulated time in which something must make progress, or the run ends with a report of "
               "who waits for what.")
          .add("progress", &R::progress,
               choice<Progress>({{"auto", Progress::automatic},
                                 {"bar", Progress::bar},
                                 {"lines", Progress::lines},
                                 {"none", Progress::none}}),
               "How progress is shown; auto: a bar on a terminal, else lines.")
          .not_in_hash()
          .add("threads", &R::threads, CodecPtr<int>(std::make_shared<ThreadsCodec>()),
               "Threads that compute, the simulating one included; auto: one a core. Changes how fast the "
               "simulation is, and nothing in it.")
          .not_in_hash()
          .add("speed", &R::speed, object(speed_table()), "")
          .not_in_hash()
          .add("check_protocol", &R::check_protocol, uniform_or_list_of(text(), "patterns"),
               "Sockets watched for violations of the base protocol of TLM-2.0: all, or patterns of their "
               "names (`*.tile3.*`); a violation ends the run.")
          .not_in_hash();
  return table;
}

}  // namespace

const Table<Scenario>& scenario_table() {
  using S = Scenario;
  // With both kinds of workload given, that is the one error to report.
  const auto trains = [](const S& scenario) {
    return scenario.workload.programs.empty() || !scenario.workload.layers.empty();
  };
  static const Table<S> table =
      Table<S>()
          .add_loader_key({"include", "path or list of paths", "none", "existing files",
                           "Scenario files to start from, relative to this one; later ones win over earlier "
                           "ones, and this file over all."})
          .add("name", &S::name, identifier(), "Names the run and its results; without it, the file's name.")
          .add("description", &S::description, text(), "What the scenario is for; stands in the report.")
          .add("platform", &S::platform, object(platform_table()), "")
          .add("technology", &S::technology, object(technology_table()), "")
          .add("workload", &S::workload, object(workload_table()), "")
          .required()
          .add("training", &S::training, object(training_table()), "")
          .required()
          .only_with("workload", "workload.layers", trains)
          .add("dataset", &S::dataset, object(dataset_table()), "")
          .required()
          .only_with("workload", "workload.layers", trains)
          .add("run", &S::run, object(run_table()), "");
  return table;
}

}  // namespace weft::config
