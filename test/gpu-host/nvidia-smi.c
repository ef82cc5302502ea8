/*
 * The two forms of nvidia-smi that lists of GPUs are read from, on the simulated NVML:
 *   nvidia-smi -L
 *   nvidia-smi --query-gpu=uuid --format=csv,noheader
 */
#include <stdio.h>
#include <string.h>

typedef struct gpu *Device;
int nvmlInit_v2(void);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device *out);
int nvmlDeviceGetName(Device d, char *out, unsigned size);
int nvmlDeviceGetUUID(Device d, char *out, unsigned size);

enum { EXIT_INVALID_ARGUMENT = 2, EXIT_NO_DEVICES = 6, EXIT_NO_DRIVER = 9 };

int main(int argc, char **argv) {
    int list = argc == 2 && !strcmp(argv[1], "-L");
    int query = argc == 3 && !strcmp(argv[1], "--query-gpu=uuid") && !strcmp(argv[2], "--format=csv,noheader");
    if (!list && !query) {
        fprintf(stderr, "simulated nvidia-smi knows only: -L | --query-gpu=uuid --format=csv,noheader\n");
        return EXIT_INVALID_ARGUMENT;
    }
    if (nvmlInit_v2() != 0) {
        printf("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n");
        return EXIT_NO_DRIVER;
    }
    unsigned count = 0;
    nvmlDeviceGetCount_v2(&count);
    if (count == 0) {
        printf("No devices found.\n");
        return EXIT_NO_DEVICES;
    }
    for (unsigned i = 0; i < count; i++) {
        Device gpu;
        char name[96], uuid[96];
        nvmlDeviceGetHandleByIndex_v2(i, &gpu);
        nvmlDeviceGetName(gpu, name, sizeof name);
        nvmlDeviceGetUUID(gpu, uuid, sizeof uuid);
        if (list) printf("GPU %u: %s (UUID: %s)\n", i, name, uuid);
        else printf("%s\n", uuid);
    }
    return 0;
}
