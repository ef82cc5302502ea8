/*
 * A simulated NVML: the C ABI of libnvidia-ml.so.1 on a machine without a GPU.
 *
 * What makes it a measuring standard and not just a stub: every GPU draws an analytic power, its energy counter is
 * the exact integral of that power, and lem_oracle_joules() tells the true energy between any two instants. A test
 * can therefore state the error of a sampler in joules.
 *
 *   power(t) = base + amplitude * sin(2 pi t / period + phase) + (step during the first half of every step_period)
 *
 * t is CLOCK_MONOTONIC in seconds, so all processes and containers of one host see the same GPUs. As on hardware,
 * readings move in steps: the energy counter every 20 ms, power every 25 ms.
 *
 * nvmlInit reads which GPUs to show from the file /etc/lem-visible-gpus, which the container hook mounts, or without it
 * from NVIDIA_VISIBLE_DEVICES. Unset or "all": every GPU; "", "none", "void": no GPU; otherwise a comma list of host
 * indices and UUIDs. The GPUs shown are renumbered from 0 in host order, as in a container. Also read:
 *   LEM_SIM_GPUS            GPUs of the host (default 4, at most 16)
 *   LEM_SIM_NVML_FAIL       "init": nvmlInit answers Driver Not Loaded; "energy": a card without an energy counter
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9,
};
enum { FIELD_TOTAL_ENERGY = 83, FIELD_POWER_AVERAGE = 185, FIELD_POWER_INSTANT = 186 };
enum { VALUE_UNSIGNED_INT = 1, VALUE_UNSIGNED_LONG_LONG = 3 };
enum { MAX_GPUS = 16, DEFAULT_GPUS = 4 };

static const long long ENERGY_STEP_NS = 20 * 1000 * 1000;
static const long long POWER_STEP_NS = 25 * 1000 * 1000;
static const double POWER_LIMIT_W = 700;
static const double TWO_PI = 6.283185307179586476925;

typedef int Return;
typedef struct gpu {
    unsigned physical_index;
} *Device;

typedef struct {
    unsigned gpu, memory;
} Utilization;

typedef struct {
    unsigned long long total, free, used;
} Memory;

typedef struct {
    unsigned field_id, scope_id;
    long long timestamp_us; /* since 1970 */
    long long latency_us;
    int value_type;
    Return status;
    union {
        double d;
        unsigned ui;
        unsigned long long ull;
    } value;
} FieldValue;
_Static_assert(sizeof(FieldValue) == 40, "nvmlFieldValue_t is 40 bytes");

static struct gpu gpus[MAX_GPUS];
static Device visible[MAX_GPUS];
static unsigned visible_count;
static int initialisations;
static int has_energy_counter;

/* ---- the trace -------------------------------------------------------------------------------------------------- */

typedef struct {
    double base, amplitude, period, phase; /* W, W, s, rad */
    double step, step_period;              /* W, s */
} Trace;

/*
 * Distinct per GPU, so that energy attributed to the wrong GPU cannot look right. base > amplitude: never below 0.
 * Edges of the steps fall between those of the 20 and 25 ms grids, as they would on hardware.
 */
static Trace trace_of(unsigned i) {
    return (Trace){
        .base = 120 + 30.0 * i,
        .amplitude = 50 + 5.0 * i,
        .period = 2.0 + 0.7 * i,
        .phase = i,
        .step = 60 + 10.0 * (i % 4),
        .step_period = 0.97 + 0.32 * i,
    };
}

static double watts(unsigned i, double t) {
    Trace p = trace_of(i);
    double cycles = t / p.step_period;
    double step = cycles - floor(cycles) < 0.5 ? p.step : 0;
    return p.base + p.amplitude * sin(TWO_PI * t / p.period + p.phase) + step;
}

/* The integral of watts() from 0 to t. */
static double joules(unsigned i, double t) {
    Trace p = trace_of(i);
    double cycles = floor(t / p.step_period);
    double into_cycle = t - cycles * p.step_period;
    double half = p.step_period / 2;
    double sine = p.amplitude * p.period / TWO_PI * (cos(p.phase) - cos(TWO_PI * t / p.period + p.phase));
    return p.base * t + sine + p.step * (cycles * half + fmin(into_cycle, half));
}

static double stepped_now(long long step_ns) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    return (double)(ns - ns % step_ns) / 1e9;
}

static unsigned long long energy_mj(Device d) {
    return (unsigned long long)(1e3 * joules(d->physical_index, stepped_now(ENERGY_STEP_NS)));
}

static unsigned instant_mw(Device d) {
    return (unsigned)(1e3 * watts(d->physical_index, stepped_now(POWER_STEP_NS)));
}

/* The last second, as the field "average power" of recent cards. */
static unsigned average_mw(Device d) {
    double t = stepped_now(POWER_STEP_NS);
    return (unsigned)(1e3 * (joules(d->physical_index, t) - joules(d->physical_index, t - 1)));
}

/* ---- for tests: a real driver has none of these symbols ---------------------------------------------------------- */

int lem_simulated_nvml(void) { return 1; }

double lem_oracle_joules(unsigned physical_index, double t0_s, double t1_s) {
    return joules(physical_index, t1_s) - joules(physical_index, t0_s);
}

int lem_physical_index(Device d) { return d ? (int)d->physical_index : -1; }

/* ---- library and system ------------------------------------------------------------------------------------------ */

static Return put(char *out, unsigned size, const char *text) {
    if (!out) return INVALID_ARGUMENT;
    if (strlen(text) >= size) return INSUFFICIENT_SIZE;
    strcpy(out, text);
    return SUCCESS;
}

static void uuid_of(unsigned physical_index, char out[41]) {
    snprintf(out, 41, "GPU-5111e7ed-0000-4000-8000-%012x", physical_index);
}

static int is_listed(const char *list, unsigned physical_index) {
    char index[12], uuid[41];
    snprintf(index, sizeof index, "%u", physical_index);
    uuid_of(physical_index, uuid);
    for (const char *item = list; *item; item += strspn(item, ",")) {
        size_t length = strcspn(item, ",");
        if (length == strlen(index) && !strncmp(item, index, length)) return 1;
        if (length == strlen(uuid) && !strncmp(item, uuid, length)) return 1;
        item += length;
    }
    return 0;
}

/* The file comes first: inside a container no environment variable brings in a GPU that was not given to it. */
static const char *visible_list(void) {
    static char line[1024];
    FILE *file = fopen("/etc/lem-visible-gpus", "r");
    int given = file && fgets(line, sizeof line, file); /* an empty file is only a left-over mount point */
    if (file) fclose(file);
    if (!given) return getenv("NVIDIA_VISIBLE_DEVICES");
    line[strcspn(line, "\n")] = 0;
    return line;
}

static void find_visible(void) {
    const char *list = visible_list();
    const char *wanted = getenv("LEM_SIM_GPUS");
    int all = !list || !strcmp(list, "all"); /* "none" and "void" name no GPU, so they need no case of their own */
    int host_gpus = wanted && *wanted ? atoi(wanted) : DEFAULT_GPUS;
    visible_count = 0;
    for (int i = 0; i < host_gpus && i < MAX_GPUS; i++) {
        gpus[i].physical_index = (unsigned)i;
        if (all || is_listed(list, (unsigned)i)) visible[visible_count++] = &gpus[i];
    }
}

Return nvmlInit_v2(void) {
    const char *fail = getenv("LEM_SIM_NVML_FAIL");
    if (fail && !strcmp(fail, "init")) return DRIVER_NOT_LOADED;
    if (initialisations++ == 0) {
        has_energy_counter = !(fail && !strcmp(fail, "energy"));
        find_visible();
    }
    return SUCCESS;
}

Return nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    return nvmlInit_v2();
}

Return nvmlShutdown(void) {
    if (initialisations == 0) return UNINITIALIZED;
    initialisations--;
    return SUCCESS;
}

const char *nvmlErrorString(Return code) {
    switch (code) {
    case SUCCESS: return "Success";
    case UNINITIALIZED: return "Uninitialized";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NOT_SUPPORTED: return "Not Supported";
    case NOT_FOUND: return "Not Found";
    case INSUFFICIENT_SIZE: return "Insufficient Size";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    default: return "Unknown Error";
    }
}

#define NEED_INIT() \
    if (initialisations == 0) return UNINITIALIZED
#define NEED(device, out) \
    NEED_INIT(); \
    if (!(device) || !(out)) return INVALID_ARGUMENT

Return nvmlSystemGetDriverVersion(char *out, unsigned size) {
    NEED_INIT();
    return put(out, size, "580.00.00");
}

Return nvmlSystemGetNVMLVersion(char *out, unsigned size) {
    NEED_INIT();
    return put(out, size, "13.580.00.00");
}

/* ---- devices ----------------------------------------------------------------------------------------------------- */

Return nvmlDeviceGetCount_v2(unsigned *count) {
    NEED_INIT();
    if (!count) return INVALID_ARGUMENT;
    *count = visible_count;
    return SUCCESS;
}

Return nvmlDeviceGetHandleByIndex_v2(unsigned index, Device *out) {
    NEED_INIT();
    if (!out || index >= visible_count) return INVALID_ARGUMENT;
    *out = visible[index];
    return SUCCESS;
}

Return nvmlDeviceGetHandleByUUID(const char *uuid, Device *out) {
    NEED_INIT();
    if (!uuid || !out) return INVALID_ARGUMENT;
    for (unsigned i = 0; i < visible_count; i++) {
        char candidate[41];
        uuid_of(visible[i]->physical_index, candidate);
        if (!strcmp(uuid, candidate)) {
            *out = visible[i];
            return SUCCESS;
        }
    }
    return NOT_FOUND;
}

Return nvmlDeviceGetUUID(Device d, char *out, unsigned size) {
    NEED(d, out);
    char uuid[41];
    uuid_of(d->physical_index, uuid);
    return put(out, size, uuid);
}

Return nvmlDeviceGetName(Device d, char *out, unsigned size) {
    NEED(d, out);
    return put(out, size, "Simulated GPU");
}

/* ---- energy and power -------------------------------------------------------------------------------------------- */

Return nvmlDeviceGetTotalEnergyConsumption(Device d, unsigned long long *millijoules) {
    NEED(d, millijoules);
    if (!has_energy_counter) return NOT_SUPPORTED;
    *millijoules = energy_mj(d);
    return SUCCESS;
}

Return nvmlDeviceGetPowerUsage(Device d, unsigned *milliwatts) {
    NEED(d, milliwatts);
    *milliwatts = instant_mw(d);
    return SUCCESS;
}

static long long microseconds_since_1970(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

Return nvmlDeviceGetFieldValues(Device d, int count, FieldValue *values) {
    NEED(d, values);
    for (FieldValue *v = values; v < values + count; v++) {
        v->timestamp_us = microseconds_since_1970();
        v->latency_us = 1;
        v->status = SUCCESS;
        v->value_type = VALUE_UNSIGNED_INT;
        v->value.ull = 0;
        if (v->field_id == FIELD_TOTAL_ENERGY && has_energy_counter) {
            v->value_type = VALUE_UNSIGNED_LONG_LONG;
            v->value.ull = energy_mj(d);
        } else if (v->field_id == FIELD_POWER_AVERAGE && v->scope_id == 0) {
            v->value.ui = average_mw(d);
        } else if (v->field_id == FIELD_POWER_INSTANT && v->scope_id == 0) {
            v->value.ui = instant_mw(d);
        } else {
            v->status = NOT_SUPPORTED;
        }
    }
    return SUCCESS;
}

Return nvmlDeviceGetEnforcedPowerLimit(Device d, unsigned *milliwatts) {
    NEED(d, milliwatts);
    *milliwatts = (unsigned)(1e3 * POWER_LIMIT_W);
    return SUCCESS;
}

Return nvmlDeviceGetPowerManagementLimit(Device d, unsigned *milliwatts) {
    return nvmlDeviceGetEnforcedPowerLimit(d, milliwatts);
}

/* ---- plausible constants ----------------------------------------------------------------------------------------- */

Return nvmlDeviceGetTemperature(Device d, int sensor, unsigned *celsius) {
    NEED(d, celsius);
    if (sensor != 0) return INVALID_ARGUMENT;
    *celsius = 45 + d->physical_index;
    return SUCCESS;
}

Return nvmlDeviceGetClockInfo(Device d, int clock, unsigned *megahertz) {
    static const unsigned GRAPHICS_SM_MEMORY_VIDEO[] = {1500, 1500, 2400, 1300};
    NEED(d, megahertz);
    if (clock < 0 || clock > 3) return INVALID_ARGUMENT;
    *megahertz = GRAPHICS_SM_MEMORY_VIDEO[clock];
    return SUCCESS;
}

Return nvmlDeviceGetUtilizationRates(Device d, Utilization *rates) {
    NEED(d, rates);
    *rates = (Utilization){.gpu = 60, .memory = 30};
    return SUCCESS;
}

Return nvmlDeviceGetMemoryInfo(Device d, Memory *memory) {
    NEED(d, memory);
    *memory = (Memory){.total = 80ULL << 30, .free = 79ULL << 30, .used = 1ULL << 30};
    return SUCCESS;
}

Return nvmlDeviceGetCurrentClocksThrottleReasons(Device d, unsigned long long *reasons) {
    NEED(d, reasons);
    *reasons = 0;
    return SUCCESS;
}

Return nvmlDeviceGetComputeRunningProcesses_v3(Device d, unsigned *count, void *infos) {
    (void)infos;
    NEED(d, count);
    *count = 0;
    return SUCCESS;
}

Return nvmlDeviceGetMigMode(Device d, unsigned *current, unsigned *pending) {
    NEED(d, current);
    (void)pending;
    return NOT_SUPPORTED;
}
