"""Property sets of a revision-4 device with the S4100's objects, by hand from ASHRAE 135 clause 12; imports nothing.

Numbers are BACnetPropertyIdentifier. The manual prints the Device's properties (page 22) and names units, descriptions,
Reliability and the trend-log properties that can be written; revision 4 says which of them an object must have.
"""

IDENTITY = {"Object_Identifier": 75, "Object_Name": 77, "Object_Type": 79}

# object kind: (required, optional)
PROPERTY_SETS = {
    "AI": (
        IDENTITY | {"Present_Value": 85, "Status_Flags": 111, "Event_State": 36, "Out_Of_Service": 81, "Units": 117},
        {"Description": 28, "Reliability": 103},
    ),
    "AV": (
        IDENTITY | {"Present_Value": 85, "Status_Flags": 111, "Event_State": 36, "Out_Of_Service": 81, "Units": 117},
        {"Description": 28, "Reliability": 103},
    ),
    "BI": (
        IDENTITY | {"Present_Value": 85, "Status_Flags": 111, "Event_State": 36, "Out_Of_Service": 81, "Polarity": 84},
        {"Description": 28, "Reliability": 103},
    ),
    "TL": (
        IDENTITY
        | {
            "Log_Enable": 133,
            "Stop_When_Full": 144,
            "Buffer_Size": 126,
            "Log_Buffer": 131,
            "Record_Count": 141,
            "Total_Record_Count": 145,
            "Event_State": 36,
        },
        {
            "Description": 28,
            "Start_Time": 142,
            "Stop_Time": 143,
            "Log_DeviceObjectProperty": 132,
            "Log_Interval": 134,
        },
    ),
    "DE": (
        IDENTITY
        | {
            "System_Status": 112,
            "Vendor_Name": 121,
            "Vendor_Identifier": 120,
            "Model_Name": 70,
            "Firmware_Revision": 44,
            "Application_Software_Version": 12,
            "Protocol_Version": 98,
            "Protocol_Revision": 139,
            "Protocol_Services_Supported": 97,
            "Protocol_Object_Types_Supported": 96,
            "Object_List": 76,
            "Max_APDU_Length_Accepted": 62,
            "Segmentation_Supported": 107,
            "APDU_Timeout": 11,
            "Number_of_APDU_Retries": 73,
            "Device_Address_Binding": 30,
            "Database_Revision": 155,
        },
        {
            "Location": 58,
            "Description": 28,
            "Local_Time": 57,
            "Local_Date": 56,
            "Max_Master": 64,
            "Max_Info_Frames": 63,
        },
    ),
}

# What later revisions or commandable objects have, and this meter must not: Status_Flags, Reliability of a Trend_Log,
# Logging_Type, Property_List, Priority_Array, Relinquish_Default
ABSENT = {
    "AI": {371},
    "AV": {371, 87, 104},
    "BI": {371},
    "TL": {371, 111, 103, 197},
    "DE": {371, 111, 103},
}
