/* The tables of the mapping. */
#include "vcard/vcard_private.h"

static const vcard_field fields[] = {
#define FIELD(name, types, tag) { name, types, CV_##tag, false },
#define ALIAS(name, types, tag) { name, types, CV_##tag, true },
#include "vcard/fields.def"
#undef FIELD
#undef ALIAS
};

const vcard_field *cv_vcard_field_at(size_t index)
{
    return index < CV_LEN(fields) ? &fields[index] : NULL;
}

const vcard_address cv_vcard_addresses[3] = {
    { "HOME",
      1,
      CV_PidLidHomeAddress,
      { CV_PidTagHomeAddressPostOfficeBox, CV_PidTagHomeAddressStreet,
        CV_PidTagHomeAddressCity, CV_PidTagHomeAddressStateOrProvince,
        CV_PidTagHomeAddressPostalCode, CV_PidTagHomeAddressCountry } },
    { "WORK",
      2,
      CV_PidLidWorkAddress,
      { CV_PidLidWorkAddressPostOfficeBox, CV_PidLidWorkAddressStreet,
        CV_PidLidWorkAddressCity, CV_PidLidWorkAddressState,
        CV_PidLidWorkAddressPostalCode, CV_PidLidWorkAddressCountry } },
    { "POSTAL",
      3,
      CV_PidLidOtherAddress,
      { CV_PidTagOtherAddressPostOfficeBox, CV_PidTagOtherAddressStreet,
        CV_PidTagOtherAddressCity, CV_PidTagOtherAddressStateOrProvince,
        CV_PidTagOtherAddressPostalCode, CV_PidTagOtherAddressCountry } },
};

const cv_tag cv_vcard_mailing[VCARD_ADDRESS_PARTS] = {
    CV_PidTagPostOfficeBox,   CV_PidTagStreetAddress, CV_PidTagLocality,
    CV_PidTagStateOrProvince, CV_PidTagPostalCode,    CV_PidTagCountry
};

#define EMAIL(n) \
    { \
        CV_PidLidEmail##n##DisplayName, CV_PidLidEmail##n##AddressType, \
            CV_PidLidEmail##n##EmailAddress, \
            CV_PidLidEmail##n##OriginalDisplayName, \
            CV_PidLidEmail##n##OriginalEntryId \
    }
const vcard_email cv_vcard_emails[3] = { EMAIL(1), EMAIL(2), EMAIL(3) };
