# Imported target for Arrow and Parquet C++, which come inside the pyarrow wheel beside torch. After Wheels.cmake.
#
#   wheel::arrow        Arrow and Parquet C++
set(arrow_dir "${EQUIPOISE_SITE}/pyarrow")
file(GLOB arrow_library "${arrow_dir}/libarrow.so.[0-9]*00")
file(GLOB parquet_library "${arrow_dir}/libparquet.so.[0-9]*00")
if(NOT arrow_library OR NOT parquet_library)
  message(FATAL_ERROR "Arrow is not in ${arrow_dir}: run scripts/setup.sh again")
endif()
equipoise_imported(wheel::arrow_core "${arrow_library}")
equipoise_imported(wheel::parquet "${parquet_library}")
add_library(wheel::arrow INTERFACE IMPORTED GLOBAL)
target_include_directories(wheel::arrow SYSTEM INTERFACE "${arrow_dir}/include")
target_link_libraries(wheel::arrow INTERFACE wheel::arrow_core wheel::parquet)
equipoise_search("${arrow_dir}")
