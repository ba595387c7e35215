"""What an answer must look like, read from it as plain XML. Raises AssertionError with the first difference."""
import re
import xml.etree.ElementTree as ET

SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
WSEN = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
WSMAN = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
WSMID = "{http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd}"
CIM = "{http://schemas.dmtf.org/wbem/wscim/1/common}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FAULT = "{http://schemas.microsoft.com/wbem/wsman/1/wsmanfault}"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z")
INTERVAL = re.compile(r"P\d+DT\d+H\d+M\d+(\.\d+)?S")


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def local(tag):
    return tag.rpartition("}")[2]


def body_of(answer):
    """The one element of the body; the envelope around it is checked."""
    envelope = ET.fromstring(answer)
    check(envelope.tag == SOAP + "Envelope", f"the root is {envelope.tag}")
    check(envelope.get(XML_LANG), "the envelope names no language")
    check([child.tag for child in envelope] == [SOAP + "Header", SOAP + "Body"], "not a header and a body")
    names = [child.tag for child in envelope[0] if local(child.tag) != "ActivityId"]
    check(names == [WSA + name for name in ("Action", "MessageID", "To", "RelatesTo")], f"headers {names}")
    check(envelope[0].findtext(WSA + "MessageID").startswith("uuid:"), "MessageID is no uuid")
    check(envelope[0].findtext(WSA + "To") == ANONYMOUS, "To is not anonymous")
    check(len(envelope[1]) == 1, f"{len(envelope[1])} elements in the body")
    return envelope[1][0]


def relates_to(answer):
    return ET.fromstring(answer).findtext(f"{SOAP}Header/{WSA}RelatesTo")


def form(element):
    """How a property is written: nil, datetime, interval, reference or text."""
    if element.get(XSI + "nil") is not None:
        check(element.get(XSI + "nil") == "true", f"{element.tag}: nil is {element.get(XSI + 'nil')}")
        check(len(element) == 0 and not element.text, f"{element.tag} is nil and has content")
        return "nil"
    if len(element) == 0:
        return "text"
    if element[0].tag == CIM + "Datetime":
        check(len(element) == 1 and MOMENT.fullmatch(element[0].text), f"{element.tag}: {element[0].text}")
        return "datetime"
    if element[0].tag == CIM + "Interval":
        check(len(element) == 1 and INTERVAL.fullmatch(element[0].text), f"{element.tag}: {element[0].text}")
        return "interval"
    reference_of(element)
    return "reference"


def reference_of(element):
    """The class URI and selectors of an endpoint reference."""
    check([child.tag for child in element] == [WSA + "Address", WSA + "ReferenceParameters"],
          f"{element.tag} is no reference")
    uri = element.findtext(f"{WSA}ReferenceParameters/{WSMAN}ResourceURI")
    selectors = element.findall(f"{WSA}ReferenceParameters/{WSMAN}SelectorSet/{WSMAN}Selector")
    check(uri.startswith(WMI) and selectors, f"{element.tag}: {uri} with {len(selectors)} selectors")
    return uri, {selector.get("Name"): selector.text for selector in selectors}


def forms_of(instance):
    """Property -> form of an instance element. Properties stand in alphabetical order in their class's namespace."""
    name = local(instance.tag)
    space = instance.tag[:-len(name)]
    check(space.startswith("{" + WMI) and space.endswith(f"/{name}}}"), f"{instance.tag} is in a foreign namespace")
    check(instance.get(XSI + "type", "").endswith(f":{name}_Type"), f"{name}: type {instance.get(XSI + 'type')}")
    found = {}
    last = ""
    for element in instance:
        check(element.tag.startswith(space), f"{name} holds {element.tag}")
        prop = local(element.tag)
        check(last.lower() <= prop.lower(), f"{name}: {prop} after {last}")
        last = prop
        found[prop] = form(element)
    check(found, f"{name} is empty")
    return found


def items_of(answer):
    """Items, context, whether the sequence ended; of an EnumerateResponse or a PullResponse."""
    body = body_of(answer)
    check(body.tag in (WSEN + "EnumerateResponse", WSEN + "PullResponse"), f"{body.tag} is no batch")
    space = WSMAN if body.tag == WSEN + "EnumerateResponse" else WSEN  # Items lie in two namespaces
    items = body.find(space + "Items")
    ended = body.find(space + "EndOfSequence") is not None
    context = body.findtext(WSEN + "EnumerationContext")
    check(not (ended and context), "the sequence ended and goes on")
    check(ended or context, "neither context nor end")
    return list(items) if items is not None else [], context, ended


def value(instance, prop):
    return instance.findtext(instance.tag[:instance.tag.index("}") + 1] + prop)


def fault_of(answer):
    """Subcode and number of a fault; of a fault of WMI the HRESULT too."""
    fault = body_of(answer)
    check(fault.tag == SOAP + "Fault", f"{fault.tag} is no fault")
    code = fault.findtext(f"{SOAP}Code/{SOAP}Value")
    check(local("}" + code.rpartition(":")[2]) in ("Sender", "Receiver"), f"code {code}")
    check(fault.findtext(f"{SOAP}Reason/{SOAP}Text"), "no reason")
    subcode = fault.findtext(f"{SOAP}Code/{SOAP}Subcode/{SOAP}Value")
    detail = fault.find(SOAP + "Detail")
    numbers = {int(element.get("Code")) for element in detail.iter(FAULT + "WSManFault") if element.get("Code")}
    for element in detail.iter():
        if local(element.tag) in ("error_Code", "HRESULT"):
            numbers.add(int(element.text) & 0xFFFFFFFF)
    return subcode.rpartition(":")[2], numbers


def skeleton(element):
    """Names and nesting, without texts."""
    return local(element.tag), element.tag, [skeleton(child) for child in element]


def compare_with_recorded(instance, recorded):
    """A property both have a value for is written in the same form."""
    ours, theirs = forms_of(instance), forms_of(recorded)
    for prop in ours.keys() & theirs.keys():
        if "nil" not in (ours[prop], theirs[prop]):
            check(ours[prop] == theirs[prop], f"{prop}: {ours[prop]}, recorded {theirs[prop]}")
    surplus = sorted(ours.keys() - theirs.keys())
    check(not surplus, f"{local(instance.tag)} has {surplus}, which the recorded host does not")
