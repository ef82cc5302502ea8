/** Nothing: the GPU builds of the embedded engine are left out. */
export const left = "out";
