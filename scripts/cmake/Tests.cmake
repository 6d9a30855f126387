# GoogleTest, or the stand-in of tests/kernels/standin where there is none (only kernels/ built alone may lack it).
if(EQUIPOISE_KERNELS_ALONE)
  find_package(GTest QUIET)
else()
  find_package(GTest REQUIRED)
endif()
if(TARGET GTest::gmock)
  set(EQUIPOISE_GTEST_STANDIN OFF)
  set(test_libraries GTest::gmock GTest::gtest GTest::gtest_main)
  set(test_headers <gmock/gmock.h> <gtest/gtest.h>)
else()
  set(EQUIPOISE_GTEST_STANDIN ON)
  message(STATUS "No GoogleTest: the tests are compiled against tests/kernels/standin")
  add_library(equipoise_gtest_standin STATIC "${EQUIPOISE_ROOT}/tests/kernels/standin/main.cpp")
  target_link_libraries(equipoise_gtest_standin PRIVATE equipoise_compiler)
  target_include_directories(equipoise_gtest_standin PUBLIC "${EQUIPOISE_ROOT}/tests/kernels/standin")
  set(test_libraries equipoise_gtest_standin)
  set(test_headers <gtest/gtest.h>)
  add_executable(standin_failing_cases "${EQUIPOISE_ROOT}/tests/kernels/standin/failing_cases.cpp")
  target_link_libraries(standin_failing_cases PRIVATE equipoise_compiler equipoise_gtest_standin)
endif()

# AddressSanitizer opens libraries in the program's place, and then its own search path counts, not the program's.
if(EQUIPOISE_SANITIZE AND EQUIPOISE_XGBOOST_FOLDER)
  set(xgboost_for_sanitizer ";LD_LIBRARY_PATH=${EQUIPOISE_XGBOOST_FOLDER}")
endif()

# equipoise_test(<name> SOURCES files... LIBRARIES targets... [HEADERS to precompile... | HEADERS_OF another test] [SHARDS number] [WORDS]):
# one GoogleTest program, its cases dealt out to four CTest tests or as many as it says: to load torch takes longer than most cases.
# One case alone: build/release/bin/<name> --gtest_filter=Suite.Case
# With the stand-in, which cannot deal them out, the program is one CTest test.
function(equipoise_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WORDS" "TIMEOUT;HEADERS_OF;SHARDS" "SOURCES;LIBRARIES;HEADERS;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 4)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} ${test_libraries})
  target_compile_definitions(${name} PRIVATE EQUIPOISE_SOURCE_DIR="${EQUIPOISE_ROOT}")
  if(arg_HEADERS_OF)
    target_precompile_headers(${name} REUSE_FROM ${arg_HEADERS_OF})
  else()
    target_precompile_headers(${name} PRIVATE ${test_headers} ${arg_HEADERS})
  endif()
  # Compiling the tests costs more than running them. Four files at a time: most of it is headers and templates. So what is a file's
  # own stands in a namespace that is called as the file.
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  # WORDS: they are about texts and files, and hardly compute.
  if(arg_WORDS AND NOT EQUIPOISE_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  else()
    target_compile_options(${name} PRIVATE -O1)
  endif()
  if(EQUIPOISE_GTEST_STANDIN)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  else()
    foreach(shard RANGE 1 ${arg_SHARDS})
      math(EXPR index "${shard} - 1")
      add_test(NAME ${name}.${shard} COMMAND ${name})
      set_tests_properties(${name}.${shard} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${index}${xgboost_for_sanitizer}")
    endforeach()
  endif()
endfunction()

# equipoise_python_test(<name> <file>): the unittest cases of one file, run by the interpreter that has torch.
function(equipoise_python_test name file)
  add_test(NAME ${name} COMMAND "${EQUIPOISE_PYTHON}" "${EQUIPOISE_ROOT}/tests/run_python_test.py" "${file}")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 ENVIRONMENT
    "EQUIPOISE_KERNELS=$<TARGET_FILE:equipoise_kernels>;EQUIPOISE_SANITIZED=${EQUIPOISE_SANITIZE};PYTHONDONTWRITEBYTECODE=1;OMP_NUM_THREADS=1")
endfunction()
