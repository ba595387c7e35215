#!/usr/bin/env python3
"""A property, parameter or type that the documented schema does not have fails to compile in a driver.

usage: typed_compile_test.py COMPILER GENERATED_FOLDER
"""
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
COMPILER, GENERATED = sys.argv[1:3]
SOURCE = """
#include "schema/v1.hpp"
#include "schema/v2.hpp"
using namespace watari::schema;
using Memory = v2::Msvm_MemorySettingData;
using Service = v2::Msvm_VirtualSystemManagementService;
template <class Classes>
struct Alike {
    using Memory = Classes::Msvm_MemorySettingData;
    using Settings = Classes::Msvm_VirtualSystemSettingData;
};
void use(Object<Memory>& memory, Call<Service::DefineSystem>& call, Result<Service::DefineSystem>& result)
{
    (void)memory, (void)call, (void)result;
    STATEMENT;
}
"""


def compile_with(statement):
    command = [COMPILER, "-std=c++23", "-fsyntax-only", "-I", str(ROOT / "src"), "-I", GENERATED, "-x", "c++", "-"]
    result = subprocess.run(command, input=SOURCE.replace("STATEMENT", statement), capture_output=True, text=True, timeout=120)
    return result.returncode, result.stderr


class TypedClasses(unittest.TestCase):
    def assert_compiles(self, statement):
        code, output = compile_with(statement)
        self.assertEqual(code, 0, output)

    def assert_refused(self, statement, reason):
        code, output = compile_with(statement)
        self.assertNotEqual(code, 0, statement)
        self.assertIn(reason, output)

    def test_right_names_and_types_compile(self):
        self.assert_compiles("memory.set(Memory::VirtualQuantity, 2048); call.set(Service::DefineSystem::SystemSettings, memory);"
                             "(void)result.get(Service::DefineSystem::ResultingSystem)")

    def test_a_misspelt_property_does_not(self):
        self.assert_refused("memory.set(Memory::VirtualQuantitty, 2048)", "no member named 'VirtualQuantitty'")

    def test_a_misspelt_parameter_does_not(self):
        self.assert_refused("call.set(Service::DefineSystem::SystemSetting, memory)", "no member named 'SystemSetting'")

    def test_code_that_speaks_alike_to_both_apis_compiles(self):
        self.assert_compiles("(void)Alike<v1::Classes>::Memory::Limit; (void)Alike<v2::Classes>::Memory::Limit")

    def test_a_property_that_only_one_of_both_apis_has_does_not(self):
        self.assert_compiles("(void)Alike<v2::Classes>::Settings::ConfigurationDataRoot")
        self.assert_refused("(void)Alike<v1::Classes>::Settings::ConfigurationDataRoot", "no member named 'ConfigurationDataRoot'")

    def test_a_method_of_the_other_api_does_not(self):
        self.assert_refused("Call<Service::DefineVirtualSystem> old", "no member named 'DefineVirtualSystem'")

    def test_a_property_of_another_class_does_not(self):
        self.assert_refused("memory.set(v2::Msvm_ProcessorSettingData::VirtualQuantity, 2)", "no matching member function")

    def test_a_parameter_of_another_method_does_not(self):
        self.assert_refused("call.set(Service::DestroySystem::AffectedSystem, {})", "no matching member function")

    def test_a_value_of_another_type_does_not(self):
        self.assert_refused("memory.set(Memory::VirtualQuantity, \"2048\")", "no matching member function")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
