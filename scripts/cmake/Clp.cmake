# Imported target for CLP, whose Debian package has no CMake file of its own.
#
#   Clp::Clp        its C interface: <coin/Clp_C_Interface.h>
find_path(EQUIPOISE_CLP_INCLUDE coin/Clp_C_Interface.h)
find_library(EQUIPOISE_CLP_LIBRARY Clp)
if(NOT EQUIPOISE_CLP_INCLUDE OR NOT EQUIPOISE_CLP_LIBRARY)
  message(FATAL_ERROR "CLP (coinor-libclp-dev) is missing: run scripts/setup.sh")
endif()
add_library(Clp::Clp UNKNOWN IMPORTED GLOBAL)
# Its header includes the others without their folder.
set_target_properties(Clp::Clp PROPERTIES IMPORTED_LOCATION "${EQUIPOISE_CLP_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${EQUIPOISE_CLP_INCLUDE};${EQUIPOISE_CLP_INCLUDE}/coin")
