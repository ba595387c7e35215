#!/usr/bin/python3
"""shape.py notices what the conformance tests rely on it to notice."""
import unittest
import xml.etree.ElementTree as ET

import shape

ITEM = ('<p:C xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/C" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="p:C_Type">%s</p:C>')


def forms(properties):
    return shape.forms_of(ET.fromstring(ITEM % properties))


class Shapes(unittest.TestCase):
    def test_good_properties_have_their_forms(self):
        self.assertEqual(forms('<p:A>1</p:A><p:A>2</p:A><p:B xsi:nil="true"/>'
                               '<p:C><cim:Datetime>2026-10-08T15:15:36.68424Z</cim:Datetime></p:C>'
                               '<p:D><cim:Interval>P0DT0H30M0S</cim:Interval></p:D>'),
                         {"A": "text", "B": "nil", "C": "datetime", "D": "interval"})

    def test_each_breach_is_seen(self):
        for properties in ("<p:B>1</p:B><p:A>1</p:A>",
                           "<A>1</A>",
                           '<p:A xsi:nil="true">1</p:A>',
                           '<p:A xsi:nil="1"/>',
                           "<p:A><cim:Datetime>20261008151536.000000+000</cim:Datetime></p:A>",
                           "<p:A><cim:Datetime>2026-10-08T15:15:36.680Z</cim:Datetime></p:A>",
                           "<p:A><cim:Datetime>2026-10-08T15:15:36+09:00</cim:Datetime></p:A>",
                           "<p:A><p:X/></p:A>",
                           ""):
            with self.subTest(properties), self.assertRaises(AssertionError):
                forms(properties)

    def test_a_batch_neither_ends_twice_nor_stays_open(self):
        envelope = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xml:lang="en-US" '
                    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
                    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><s:Header><a:Action/>'
                    '<a:MessageID>uuid:1</a:MessageID><a:To>' + shape.ANONYMOUS + '</a:To><a:RelatesTo/></s:Header>'
                    '<s:Body><n:PullResponse>%s</n:PullResponse></s:Body></s:Envelope>')
        for batch in ("<n:EnumerationContext>x</n:EnumerationContext><n:EndOfSequence/>", "<n:Items/>"):
            with self.subTest(batch), self.assertRaises(AssertionError):
                shape.items_of(envelope % batch)
        self.assertEqual(shape.items_of(envelope % "<n:EndOfSequence/>"), ([], None, True))


if __name__ == "__main__":
    unittest.main()
