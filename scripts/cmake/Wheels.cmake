# Imported targets for the library that comes as a Python wheel and that every part needs: LibTorch (Arrow.cmake has the other).
#
#   wheel::torch        libtorch_cpu, libc10 (and libtorch_cuda, libc10_cuda with EQUIPOISE_CUDA)
#   wheel::cudart       the CUDA runtime (only with EQUIPOISE_CUDA)
#
# Why not find_package(Torch): it needs a whole CUDA toolkit even when nothing here is compiled for CUDA, and sets global
# flags; the wheel's libraries and headers are all that is used (docs/decisions/0002-libraries-from-wheels.md).
get_filename_component(EQUIPOISE_ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(default_python "${EQUIPOISE_ROOT}/.deps/venv/bin/python")
if(NOT EXISTS "${default_python}")
  # A machine that only builds kernels/ brings its own torch.
  find_program(EQUIPOISE_MACHINE_PYTHON python3)
  set(default_python "${EQUIPOISE_MACHINE_PYTHON}")
endif()
set(EQUIPOISE_PYTHON "${default_python}" CACHE FILEPATH "A Python that has the torch wheel (and pyarrow, unless kernels/ is built alone)")
if(NOT EXISTS "${EQUIPOISE_PYTHON}")
  message(FATAL_ERROR "No Python at '${EQUIPOISE_PYTHON}': run scripts/setup.sh first, or pass -DEQUIPOISE_PYTHON=")
endif()
# Found, not imported: importing torch takes seconds.
execute_process(COMMAND "${EQUIPOISE_PYTHON}" -c "import importlib.metadata, importlib.util, pathlib
spec = importlib.util.find_spec('torch')
if spec: print(pathlib.Path(spec.origin).parents[1], importlib.metadata.version('torch'), sep=';')"
  OUTPUT_VARIABLE torch_found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT torch_found)
  message(FATAL_ERROR "${EQUIPOISE_PYTHON} has no torch: run scripts/setup.sh first, or pass -DEQUIPOISE_PYTHON= with one that has torch 2.11")
endif()
list(GET torch_found 0 EQUIPOISE_SITE)
list(GET torch_found 1 torch_version)
if(NOT torch_version MATCHES "^2\\.11\\.")
  message(WARNING "torch in ${EQUIPOISE_SITE} is ${torch_version}; only 2.11 was tried")
endif()

set(torch_lib "${EQUIPOISE_SITE}/torch/lib")
if(NOT EXISTS "${torch_lib}/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch is not in ${EQUIPOISE_SITE}: run scripts/setup.sh again")
endif()
set(cuda_wheel "${EQUIPOISE_SITE}/nvidia/cu13")
set(EQUIPOISE_RPATH "${torch_lib}")

function(equipoise_imported name file)
  add_library(${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${file}")
endfunction()

equipoise_imported(wheel::c10 "${torch_lib}/libc10.so")
equipoise_imported(wheel::torch_cpu "${torch_lib}/libtorch_cpu.so")
add_library(wheel::torch INTERFACE IMPORTED GLOBAL)
target_include_directories(wheel::torch SYSTEM INTERFACE
  "${EQUIPOISE_SITE}/torch/include" "${EQUIPOISE_SITE}/torch/include/torch/csrc/api/include")
# at::parallel_for is a template over "omp parallel": compiled without -fopenmp it is one thread, silently. The runtime is
# the wheel's own; the flag is not given to the linker, which would add the system's beside it.
file(GLOB wheel_openmp "${torch_lib}/libgomp*.so*")
# Only the operators that a file names, not all of ATen.
target_compile_definitions(wheel::torch INTERFACE AT_PER_OPERATOR_HEADERS)
target_compile_options(wheel::torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
target_link_libraries(wheel::torch INTERFACE wheel::torch_cpu wheel::c10 ${wheel_openmp})

if(EQUIPOISE_CUDA)
  if(NOT EXISTS "${torch_lib}/libtorch_cuda.so" OR NOT EXISTS "${EQUIPOISE_SITE}/nvidia/cudnn")
    message(FATAL_ERROR "The CUDA libraries are not in ${EQUIPOISE_SITE}: run scripts/setup.sh without --cpu, or configure with -DEQUIPOISE_CUDA=OFF")
  endif()
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    # The wheel's first: set-up installed it because no nvcc 13 was there, whatever else is.
    find_program(nvcc_found nvcc HINTS "${cuda_wheel}/bin" /usr/local/cuda/bin)
    if(NOT nvcc_found)
      message(FATAL_ERROR "No nvcc: run scripts/setup.sh without --cpu, or configure with -DEQUIPOISE_CUDA=OFF")
    endif()
    set(CMAKE_CUDA_COMPILER "${nvcc_found}")
  endif()
  # sm_90 machine code for H100/H200, and PTX of the same so that later GPUs can run it.
  set(CMAKE_CUDA_ARCHITECTURES 90 CACHE STRING "GPU architectures")
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  enable_language(CUDA)
  equipoise_imported(wheel::cudart "${cuda_wheel}/lib/libcudart.so.13")
  equipoise_imported(wheel::c10_cuda "${torch_lib}/libc10_cuda.so")
  equipoise_imported(wheel::torch_cuda "${torch_lib}/libtorch_cuda.so")
  get_filename_component(toolkit_include "${CMAKE_CUDA_COMPILER}/../../include" ABSOLUTE)
  # The runtime's wheel alone lacks what its headers include of the compiler's.
  foreach(include_dir "${cuda_wheel}/include" "${toolkit_include}")
    if(EXISTS "${include_dir}/cuda_runtime_api.h" AND EXISTS "${include_dir}/crt/host_config.h")
      target_include_directories(wheel::cudart SYSTEM INTERFACE "${include_dir}")
      break()
    endif()
  endforeach()
  # libtorch_cuda is found by the loader through its own rpath; it must be kept although no symbol of it is called.
  target_link_libraries(wheel::torch INTERFACE wheel::c10_cuda wheel::cudart)
  list(APPEND EQUIPOISE_RPATH "${cuda_wheel}/lib")
endif()

# Where programs of this build look for libraries, after what the call adds.
macro(equipoise_search)
  list(APPEND EQUIPOISE_RPATH ${ARGN})
  set(CMAKE_BUILD_RPATH "${EQUIPOISE_RPATH}")
  set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib;${EQUIPOISE_RPATH}")
endmacro()
equipoise_search()
