# Imported targets for what decodes pictures. (CMake's own would have to be found again in every folder that links them, and the file
# that libjpeg-turbo's package brings asks for another package.)
#
#   Pictures::png         libpng: <png.h>
#   Pictures::turbojpeg   the TurboJPEG interface of libjpeg-turbo: <turbojpeg.h>
foreach(name png turbojpeg)
  find_path(EQUIPOISE_${name}_INCLUDE ${name}.h)
  find_library(EQUIPOISE_${name}_LIBRARY ${name})
  if(NOT EQUIPOISE_${name}_INCLUDE OR NOT EQUIPOISE_${name}_LIBRARY)
    message(FATAL_ERROR "lib${name} (libpng-dev, libturbojpeg0-dev) is missing: run scripts/setup.sh")
  endif()
  add_library(Pictures::${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(Pictures::${name} PROPERTIES IMPORTED_LOCATION "${EQUIPOISE_${name}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${EQUIPOISE_${name}_INCLUDE}")
endforeach()
