"""Requests as texts: an envelope around a body, in the form pywinrm's own header builder gives it."""
from xml.sax.saxutils import escape, quoteattr

import xmltodict
from winrm.protocol import Protocol

from shape import WMI

TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
V1 = "root/virtualization"
V2 = "root/virtualization/v2"
SERVICE = "Msvm_VirtualSystemManagementService"
IDENTIFY = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
            "<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>")

_protocol = Protocol("http://unused/wsman", transport="basic", username="x", password="x")


def envelope(uri, action, body, selectors=None):
    header = _protocol._get_soap_header(resource_uri=uri, action=action)
    if selectors:
        header["env:Header"]["w:SelectorSet"] = {
            "w:Selector": [{"@Name": name, "#text": text} for name, text in selectors.items()]}
    text = xmltodict.unparse({"env:Envelope": {**header, "env:Body": "@BODY@"}})
    return text.replace("@BODY@", body)


def get(ns, name, selectors):
    return envelope(f"{WMI}{ns}/{name}", TRANSFER + "Get", "", selectors)


def enumerate_wql(ns, query, optimize=None):
    batch = f"<w:OptimizeEnumeration/><w:MaxElements>{optimize}</w:MaxElements>" if optimize else ""
    return envelope(f"{WMI}{ns}/*", ENUMERATION + "Enumerate",
                    f'<n:Enumerate>{batch}<w:Filter Dialect="{WQL}">{escape(query)}</w:Filter></n:Enumerate>')


def pull(ns, context):
    return envelope(f"{WMI}{ns}/*", ENUMERATION + "Pull",
                    f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext></n:Pull>")


def invoke(ns, name, method, selectors, parameters):
    """parameters: name -> text."""
    uri = f"{WMI}{ns}/{name}"
    inside = "".join(f"<q:{key}>{escape(text)}</q:{key}>" for key, text in parameters.items())
    return envelope(uri, f"{uri}/{method}", f"<q:{method}_INPUT xmlns:q={quoteattr(uri)}>{inside}</q:{method}_INPUT>",
                    selectors)


def instance(name, **properties):
    """CIM-XML of an embedded instance with string properties."""
    inside = "".join(f'<PROPERTY NAME="{key}" TYPE="string"><VALUE>{escape(text)}</VALUE></PROPERTY>'
                     for key, text in properties.items())
    return f'<INSTANCE CLASSNAME="{name}">{inside}</INSTANCE>'


def define(ns, name, class_name=None, prop="ElementName"):
    """Defines a VM of that name, in either namespace."""
    if ns == V1:
        return invoke(ns, SERVICE, "DefineVirtualSystem", {"CreationClassName": SERVICE},
                      {"SystemSettingData": instance(class_name or "Msvm_VirtualSystemGlobalSettingData", **{prop: name})})
    return invoke(ns, SERVICE, "DefineSystem", {"CreationClassName": SERVICE},
                  {"SystemSettings": instance(class_name or "Msvm_VirtualSystemSettingData", **{prop: name})})


def request_state(ns, vm, state):
    return invoke(ns, "Msvm_ComputerSystem", "RequestStateChange",
                  {"CreationClassName": "Msvm_ComputerSystem", "Name": vm}, {"RequestedState": str(state)})
